//! What somebody signs in with.

/// The kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceType {
    /// iPhone or iPad.
    Ios,
    /// Android.
    Android,
    /// A browser, or whatever else.
    Web,
}

impl DeviceType {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ios => "ios",
            Self::Android => "android",
            Self::Web => "web",
        }
    }

    /// Guesses by `User-Agent`, as apps and browsers write it.
    #[must_use]
    pub fn of_user_agent(user_agent: &str) -> Self {
        let has = |words: &[&str]| words.iter().any(|word| user_agent.contains(word));
        if has(&["Android", "okhttp"]) {
            Self::Android
        } else if has(&["iPhone", "iPad", "iOS", "CFNetwork"]) {
            Self::Ios
        } else {
            Self::Web
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_and_browsers_are_told_apart() {
        for (agent, device) in [
            ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36", DeviceType::Android),
            ("RealServ/1.0 CFNetwork/1568.300.101 Darwin/24.2.0", DeviceType::Ios),
            ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", DeviceType::Web),
            ("", DeviceType::Web),
        ] {
            assert_eq!(DeviceType::of_user_agent(agent), device, "{agent}");
        }
    }
}
