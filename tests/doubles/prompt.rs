//! What every wire format's request means: the text in the order in which a model reads it, and what may be answered.

/// For how long a prefix is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    Short,
    Long,
}

#[derive(Clone, Debug)]
pub struct Segment {
    pub text: String,
    /// The prefix that ends here is to be kept.
    pub keep: Option<Keep>,
}

#[derive(Clone, Debug)]
pub struct Prompt {
    pub model: String,
    pub segments: Vec<Segment>,
    pub max_output: u64,
    pub stops: Vec<String>,
    /// The client wants nothing kept but what it marked.
    pub is_marked_only: bool,
}

impl Prompt {
    /// All of it, for a test to look into.
    pub fn text(&self) -> String {
        self.segments.iter().map(|segment| segment.text.as_str()).collect()
    }
}

/// A no to a request, before it becomes the provider's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub trouble: Trouble,
    pub message: String,
}

impl Refusal {
    pub fn bad(message: impl Into<String>) -> Self {
        Self { trouble: Trouble::BadRequest, message: message.into() }
    }

    pub fn of(trouble: Trouble) -> Self {
        Self { trouble, message: format!("this is the double's {trouble:?}") }
    }
}

/// The rows of the retry table, for each provider to say in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Trouble {
    BadRequest,
    ContextOverflow,
    Auth,
    Permission,
    NoCredit,
    NotFound,
    RequestTimeout,
    Conflict,
    TooLarge,
    /// 424, of Bedrock.
    ModelError,
    RateLimited,
    /// 429 that no waiting helps against.
    SpendLimit,
    /// 429: slow down.
    Ramp,
    Server,
    BadGateway,
    Unavailable,
    GatewayTimeout,
    Overloaded,
}

impl Trouble {
    pub const ALL: [Self; 18] = [
        Self::BadRequest,
        Self::ContextOverflow,
        Self::Auth,
        Self::Permission,
        Self::NoCredit,
        Self::NotFound,
        Self::RequestTimeout,
        Self::Conflict,
        Self::TooLarge,
        Self::ModelError,
        Self::RateLimited,
        Self::SpendLimit,
        Self::Ramp,
        Self::Server,
        Self::BadGateway,
        Self::Unavailable,
        Self::GatewayTimeout,
        Self::Overloaded,
    ];

    /// The usual status; some providers differ.
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest | Self::ContextOverflow => 400,
            Self::Auth => 401,
            Self::NoCredit => 402,
            Self::Permission => 403,
            Self::NotFound => 404,
            Self::RequestTimeout => 408,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::ModelError => 424,
            Self::RateLimited | Self::SpendLimit | Self::Ramp => 429,
            Self::Server => 500,
            Self::BadGateway => 502,
            Self::Unavailable => 503,
            Self::GatewayTimeout => 504,
            Self::Overloaded => 529,
        }
    }
}
