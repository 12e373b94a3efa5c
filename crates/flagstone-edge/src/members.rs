//! Where in an evaluation context an attribute lies.

use flagstone_core::text_split_once;

/// How deep contexts are looked into.
const MAX_DEPTH: usize = 128;

/// The members of a context, a JSON object, that an attribute may be, each as the names on the way to it. The first that is
/// there and not null counts. Each name is a [`step`](flagstone_core::AttributeValue::step), so that it may lead into a list too.
///
/// An attribute with a dotted name, `user.address.city`, is the member with the whole name; else, with the name split
/// at the first dot, what is found in the same way inside the member `user`; a step in brackets is the member that it
/// names. `user.key` is first of all the member `targetingKey`, and any other attribute of the user may also lie outside of
/// `user`, as contexts of OpenFeature are flat.
///
/// ```
/// use flagstone_edge::members;
///
/// assert_eq!(members("user.key"), [vec!["targetingKey"], vec!["user.key"], vec!["user", "key"]]);
/// assert_eq!(members("geo.country"), [vec!["geo.country"], vec!["geo", "country"]]);
/// assert_eq!(members("user.plan"), [vec!["user.plan"], vec!["user", "plan"], vec!["plan"]]);
/// ```
pub fn members(attribute: &str) -> Vec<Vec<&str>> {
    let mut all = Vec::new();
    let flat = match attribute.strip_prefix("user.") {
        Some("key") => {
            all.push(vec!["targetingKey"]);
            None
        }
        Some(flat) => Some(flat),
        // Of a name with brackets no part is written otherwise.
        None => attribute
            .strip_prefix("user")
            .filter(|flat| flat.starts_with('[')),
    };
    add(&mut all, attribute);
    if let Some(flat) = flat {
        add(&mut all, flat);
    }
    all
}

fn add<'n>(all: &mut Vec<Vec<&'n str>>, name: &'n str) {
    let mut way = Vec::new();
    let mut rest = name;
    loop {
        let to = |last| {
            let mut to = way.clone();
            to.push(last);
            to
        };
        all.push(to(rest));
        match split(rest) {
            Some((first, Some(behind))) if way.len() < MAX_DEPTH => {
                way.push(first);
                rest = behind;
            }
            Some((first, None)) => {
                all.push(to(first));
                return;
            }
            _ => return,
        }
    }
}

/// The first step of a name and the rest: `user.a` and `user["a"]` begin with `user`, `["a.b"].c` with `a.b`, behind
/// `["c"]` there is none. Steps with escapes are no members by themselves.
fn split(name: &str) -> Option<(&str, Option<&str>)> {
    if let Some(quoted) = name.strip_prefix("[\"") {
        let (step, rest) = text_split_once(quoted, "\"]")?;
        let rest = rest.strip_prefix('.').unwrap_or(rest);
        let rest = (!rest.is_empty()).then_some(rest);
        return (!step.contains('\\')).then_some((step, rest));
    }
    let at = name.find(['.', '['])?;
    let (first, rest) = name.split_at_checked(at)?;
    Some((first, Some(rest.strip_prefix('.').unwrap_or(rest))))
}
