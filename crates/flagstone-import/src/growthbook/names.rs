//! Names of attributes in the model.

use flagstone_compile::Index;
use flagstone_compile::model::TARGETING_KEY;

/// Which attribute each name in the model stands for.
#[derive(Clone, Default)]
pub(super) struct Names {
    places: Index,
    /// Ways from all attributes to values.
    paths: Vec<Vec<String>>,
}

impl Names {
    /// The name of what a path leads to: steps with dots between them.
    pub fn of_path(&mut self, path: &str) -> String {
        self.of_steps(path.split('.'))
    }

    /// The name of an attribute that is no path: `a.b` is an attribute called that.
    pub fn of_key(&mut self, key: &str) -> String {
        if key.contains('.') {
            return self.of_steps([key].into_iter());
        }
        self.of_path(key)
    }

    fn of_steps<'s>(&mut self, steps: impl Iterator<Item = &'s str> + Clone) -> String {
        let mut name = String::new();
        for (index, step) in steps.clone().enumerate() {
            match (index, step) {
                (0, "id") => name.push_str(TARGETING_KEY),
                // `user.key` is the targeting key.
                (0, "key") => name.push_str("user[\"key\"]"),
                _ => {
                    if index == 0 {
                        name.push_str("user");
                    }
                    push_step(&mut name, step);
                }
            }
        }
        if self.places.get(name.as_bytes()).is_none() {
            self.places.insert(name.as_bytes(), self.paths.len() as u32);
            self.paths.push(steps.map(str::to_owned).collect());
        }
        name
    }

    /// The way to an attribute of the model.
    pub fn path(&self, name: &str) -> Option<&[String]> {
        let place = self.places.get(name.as_bytes())?;
        self.paths.get(place as usize).map(Vec::as_slice)
    }
}

/// Adds a step as CEL would write it.
fn push_step(name: &mut String, step: &str) {
    let is_identifier = !step.starts_with(|c: char| c.is_ascii_digit())
        && !step.is_empty()
        && step
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_identifier {
        name.push('.');
        name.push_str(step);
        return;
    }
    name.push_str("[\"");
    for c in step.chars() {
        if matches!(c, '"' | '\\') {
            name.push('\\');
        }
        name.push(c);
    }
    name.push_str("\"]");
}
