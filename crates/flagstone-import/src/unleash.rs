//! unleash.

use crate::error::ImportError;
use crate::json::Json;
use crate::service::{Imported, Options};

pub(crate) fn import(_: &Json<'_>, _: &Options) -> Result<Imported, ImportError> {
    Err(ImportError::NotBuilt)
}
