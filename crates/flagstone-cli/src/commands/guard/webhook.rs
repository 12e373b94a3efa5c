//! Tells a webhook of decisions: each at least once, in their order, signed.
//!
//! The signature is that of Standard Webhooks: HMAC-SHA256 over id, time and body.

use super::store::{Outbox, Told};
use crate::clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac, NewMac};
use sha2::Sha256;
use std::thread;
use std::time::Duration;

/// Where, and with which secret.
#[derive(Clone, Debug)]
pub struct Webhook {
    pub url: String,
    pub secret: Option<Vec<u8>>,
}

/// Between looks into the outbox.
const PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// For an answer.
pub const PATIENCE: Duration = Duration::from_secs(15);

impl Webhook {
    /// Empties the outbox, for ever.
    pub fn deliver(&self, outbox: &mut dyn Outbox) {
        // Behind a redirection nobody gets the body.
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .max_redirects(0)
            .build()
            .new_agent();
        let mut pause = PAUSE;
        loop {
            match outbox.tell(&mut |event| self.post(&agent, event)) {
                Ok(Told::Taken) => {
                    pause = PAUSE;
                    continue;
                }
                Ok(Told::Nothing) => pause = PAUSE,
                Ok(Told::Refused) | Err(_) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
            thread::sleep(pause);
        }
    }

    fn post(&self, agent: &ureq::Agent, event: &str) -> bool {
        let id = serde_json::from_str::<serde_json::Value>(event)
            .ok()
            .and_then(|event| event.get("id")?.as_str().map(str::to_owned))
            .unwrap_or_default();
        let seconds = (clock::now().0 / 1000).to_string();
        let mut request = agent
            .post(&self.url)
            .header("content-type", "application/cloudevents+json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", &seconds);
        if let Some(signature) = self.signature(&id, &seconds, event) {
            request = request.header("webhook-signature", signature);
        }
        let answer = request.send(event);
        answer.is_ok_and(|answer| answer.status().is_success())
    }

    fn signature(&self, id: &str, seconds: &str, event: &str) -> Option<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_deref()?).ok()?;
        mac.update(format!("{id}.{seconds}.{event}").as_bytes());
        Some(format!(
            "v1,{}",
            STANDARD.encode(mac.finalize().into_bytes())
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        // The example of the specification's reference libraries.
        let secret = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let webhook = Webhook {
            url: String::new(),
            secret: secret.ok(),
        };
        let signature = webhook.signature(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            "1614265330",
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(signature.as_deref(), Some(expected));
    }
}
