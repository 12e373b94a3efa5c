use super::{Fetched, Need, Node, Options, Step};
use flagstone_core::UnixMillis;

/// A node that holds nothing waits longer after each failure, and never longer than its TTL.
#[test]
fn loading_backs_off() {
    let mut node = Node::new(Options::DEFAULT);
    let mut now = UnixMillis(1_000_000);
    for pause in [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
        assert_eq!(node.next(now), Step::Load);
        assert_eq!(node.next(now), Step::Load, "several requests may load");
        assert_eq!(node.take(Need::Control, Fetched::Failed, now), None);
        assert_eq!(node.next(UnixMillis(now.0 + pause - 1)), Step::Serve);
        now.0 += pause;
    }
    assert_eq!(node.next(UnixMillis(0)), Step::Load, "the clock went back");
}
