//! Sign-in with OpenID Connect: the providers that the operator named, and what they say of a person. Code flow with PKCE
//! (OpenID Connect Core 1.0, section 3.1; RFC 7636).

use std::collections::BTreeSet;
use std::path::Path;

use futures_util::future::BoxFuture;
use gesso_protocol::api::accounts::{SignInProvider, WorkspaceRole};
use gesso_protocol::ids::is_id;
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata};
use openidconnect::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointMaybeSet,
    EndpointNotSet, EndpointSet, HttpRequest, HttpResponse, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse as _,
};
use reqwest::Url;
use serde::Deserialize;
use tokio::sync::OnceCell;

use crate::outgoing::{Outgoing, OutgoingError};

/// The longest id of a person at a provider, in bytes (OpenID Connect Core 1.0, section 2).
const SUBJECT_BYTES_MAX: usize = 255;

/// A client of a provider, as far as it is known.
type Client = CoreClient<
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// The file of the operator.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    providers: Vec<Settings>,
}

/// A provider as the operator describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// Id, in addresses.
    id: String,
    /// Name, as people see it.
    name: String,
    /// Address of the issuer, whose `/.well-known/openid-configuration` says the rest.
    issuer: IssuerUrl,
    /// Id of this server there.
    client_id: String,
    /// The environment variable with the secret of this server there.
    client_secret_env: Option<String>,
    /// The file with it.
    client_secret_file: Option<std::path::PathBuf>,
    /// Only people whose address is in one of these domains sign in with it, and they need no invitation.
    #[serde(default)]
    domains: Vec<String>,
    /// Role of those in the server's own workspace.
    #[serde(default = "member")]
    role: String,
}

fn member() -> String {
    WorkspaceRole::Member.id().to_owned()
}

/// Why sign-in with OpenID Connect cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// The file cannot be read.
    #[error("{0} cannot be read: {1}")]
    File(String, String),
    /// A provider is described wrongly.
    #[error("the provider {0}: {1}")]
    Provider(String, String),
    /// The client for it cannot be made.
    #[error(transparent)]
    Outgoing(#[from] OutgoingError),
}

/// A provider.
#[derive(Debug)]
pub struct IdentityProvider {
    /// Id, in addresses.
    pub id: String,
    /// Name, as people see it.
    pub name: String,
    /// Role of people who need no invitation.
    pub role: WorkspaceRole,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    domains: BTreeSet<String>,
    /// What the provider says of itself, once somebody asked.
    metadata: OnceCell<CoreProviderMetadata>,
}

/// The beginning of a sign-in.
#[derive(Debug)]
pub struct Begun {
    /// Where the browser goes.
    pub url: Url,
    /// What comes back with it.
    pub state: String,
    /// What the provider puts into what it signs.
    pub nonce: String,
    /// What proves that whoever ends it began it.
    pub verifier: String,
}

/// Somebody, as a provider knows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Address of the provider.
    pub issuer: String,
    /// Id of the person there.
    pub subject: String,
    /// Their address; none where the provider did not check that it is theirs.
    pub email: Option<String>,
    /// Their name.
    pub name: Option<String>,
}

/// All providers.
#[derive(Debug)]
pub struct IdentityProviders {
    all: Vec<IdentityProvider>,
    http: Http,
}

/// The client for what providers say.
#[derive(Debug)]
struct Http(Outgoing);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = OutgoingError;
    type Future = BoxFuture<'c, Result<HttpResponse, OutgoingError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.0.exchange(request))
    }
}

impl IdentityProviders {
    /// Reads the operator's file; no provider where there is none.
    ///
    /// # Errors
    /// See [`OidcError`].
    pub fn read(path: Option<&Path>) -> Result<Self, OidcError> {
        let Some(path) = path else {
            return Ok(Self { all: Vec::new(), http: Http(Outgoing::new(BTreeSet::new())?) });
        };
        let broken = |why: String| OidcError::File(path.display().to_string(), why);
        let text = std::fs::read_to_string(path).map_err(|error| broken(error.to_string()))?;
        let file: File = toml::from_str(&text).map_err(|error| broken(error.to_string()))?;
        let hosts = file
            .providers
            .iter()
            .filter_map(|settings| settings.issuer.url().host_str().map(str::to_ascii_lowercase));
        let http = Http(Outgoing::new(hosts.collect())?);
        let all =
            file.providers.into_iter().map(IdentityProvider::of).collect::<Result<Vec<_>, _>>()?;
        let ids: BTreeSet<&str> = all.iter().map(|provider| provider.id.as_str()).collect();
        if ids.len() < all.len() {
            return Err(broken("two providers have the same id".to_owned()));
        }
        Ok(Self { all, http })
    }

    /// As people are offered them.
    pub fn listed(&self) -> Vec<SignInProvider> {
        let listed = |provider: &IdentityProvider| SignInProvider {
            id: provider.id.clone(),
            name: provider.name.clone(),
        };
        self.all.iter().map(listed).collect()
    }

    /// The provider of an id.
    pub fn find(&self, id: &str) -> Option<&IdentityProvider> {
        self.all.iter().find(|provider| provider.id == id)
    }

    /// The provider with an address; none where it is configured no more.
    pub fn of_issuer(&self, issuer: &str) -> Option<&IdentityProvider> {
        self.all.iter().find(|provider| provider.is(issuer))
    }

    /// Begins a sign-in that comes back to `back`.
    ///
    /// # Errors
    /// The reason, where the provider does not say how.
    pub fn begin<'a>(
        &'a self,
        provider: &'a IdentityProvider,
        back: String,
    ) -> BoxFuture<'a, Result<Begun, String>> {
        Box::pin(self.begin_at(provider, back))
    }

    async fn begin_at(&self, provider: &IdentityProvider, back: String) -> Result<Begun, String> {
        let client = self.client(provider, back).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client.authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        );
        let scopes = ["email", "profile"].map(|scope| Scope::new(scope.to_owned()));
        let (url, state, nonce) = request.add_scopes(scopes).set_pkce_challenge(challenge).url();
        Ok(Begun {
            url,
            state: state.into_secret(),
            nonce: nonce.secret().to_owned(),
            verifier: verifier.into_secret(),
        })
    }

    /// Exchanges the code that came back for what the provider says of the person.
    ///
    /// # Errors
    /// The reason: the provider refuses it, or what it says is not signed, or not for this server or this sign-in.
    pub fn finish<'a>(
        &'a self,
        provider: &'a IdentityProvider,
        back: String,
        code: String,
        proof: (String, String),
    ) -> BoxFuture<'a, Result<Identity, String>> {
        Box::pin(self.finish_at(provider, back, code, proof))
    }

    async fn finish_at(
        &self,
        provider: &IdentityProvider,
        back: String,
        code: String,
        (nonce, verifier): (String, String),
    ) -> Result<Identity, String> {
        let client = self.client(provider, back).await?;
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| error.to_string())?
            .set_pkce_verifier(PkceCodeVerifier::new(verifier));
        let answer = exchange.request_async(&self.http).await.map_err(|error| told(&error))?;
        let token = answer.id_token().ok_or("the provider sent no identity")?;
        let claims = token
            .claims(&client.id_token_verifier(), &Nonce::new(nonce))
            .map_err(|error| error.to_string())?;
        let subject = claims.subject().as_str();
        if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
            return Err("the provider does not say who it is".to_owned());
        }
        if claims.authorized_party().is_some_and(|party| *party != provider.client_id) {
            return Err("what the provider says is for another program".to_owned());
        }
        let is_checked = claims.email_verified().unwrap_or(false);
        let email = claims.email().filter(|_| is_checked).map(|email| email.as_str().to_owned());
        let name = claims.name().and_then(|name| name.get(None));
        Ok(Identity {
            issuer: claims.issuer().as_str().to_owned(),
            subject: subject.to_owned(),
            email,
            name: name.map(|name| name.as_str().to_owned()),
        })
    }

    async fn client(&self, provider: &IdentityProvider, back: String) -> Result<Client, String> {
        let (issuer, http) = (provider.issuer.clone(), &self.http);
        let discover = || CoreProviderMetadata::discover_async(issuer, http);
        let metadata = provider.metadata.get_or_try_init(discover).await;
        let metadata = metadata.map_err(|error| told(&error))?.clone();
        let back = RedirectUrl::new(back).map_err(|error| error.to_string())?;
        let (id, secret) = (provider.client_id.clone(), provider.client_secret.clone());
        Ok(CoreClient::from_provider_metadata(metadata, id, secret).set_redirect_uri(back))
    }
}

/// An error with what caused it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

impl IdentityProvider {
    fn of(settings: Settings) -> Result<Self, OidcError> {
        let wrong = |why: String| OidcError::Provider(settings.id.clone(), why);
        if !is_id(&settings.id) {
            return Err(wrong("an id has 1 to 64 of a-z, 0-9, _ and -".to_owned()));
        }
        let role = WorkspaceRole::from_id(&settings.role)
            .ok_or_else(|| wrong(format!("“{}” is no role", settings.role)))?;
        if role == WorkspaceRole::Owner {
            return Err(wrong("owners are made by owners; choose a lower role".to_owned()));
        }
        let secret = match (&settings.client_secret_env, &settings.client_secret_file) {
            (Some(_), Some(_)) => {
                let why = "name client_secret_env or client_secret_file, not both";
                return Err(wrong(why.to_owned()));
            }
            (Some(variable), None) => Some(
                std::env::var(variable)
                    .map_err(|error| wrong(format!("its secret, {variable}: {error}")))?,
            ),
            (None, Some(path)) => Some(
                std::fs::read_to_string(path)
                    .map_err(|error| wrong(format!("its secret, {}: {error}", path.display())))?,
            ),
            (None, None) => None,
        };
        Ok(Self {
            client_secret: secret.map(|secret| ClientSecret::new(secret.trim().to_owned())),
            id: settings.id,
            name: settings.name,
            role,
            issuer: settings.issuer,
            client_id: ClientId::new(settings.client_id),
            domains: settings.domains.iter().map(|domain| domain.to_ascii_lowercase()).collect(),
            metadata: OnceCell::new(),
        })
    }

    /// True if it is the one with this address.
    pub fn is(&self, issuer: &str) -> bool {
        self.issuer.as_str() == issuer
    }

    /// True if whoever has this address needs no invitation.
    pub fn welcomes(&self, email: &str) -> bool {
        let domain = email.rsplit('@').next().unwrap_or_default().to_ascii_lowercase();
        self.domains.contains(&domain)
    }

    /// True if only people of some domains sign in with it.
    pub fn is_restricted(&self) -> bool {
        !self.domains.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<IdentityProviders, OidcError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        IdentityProviders::read(Some(file.path()))
    }

    const COMPANY: &str = "[[providers]]\nid = \"company\"\nname = \"Example\"\n\
         issuer = \"https://login.example.org\"\nclient_id = \"gesso\"\n";

    #[test]
    fn a_provider_is_read_or_said_to_be_wrong() {
        let good = read(&format!("{COMPANY}domains = [\"Example.org\"]\n")).unwrap();
        let company = good.find("company").unwrap();
        assert!(company.is_restricted() && company.welcomes("Ada@EXAMPLE.org"));
        for other in ["ada@example.org.evil.net", "ada@notexample.org", "example.org@evil.net", ""]
        {
            assert!(!company.welcomes(other), "{other}");
        }
        assert!(good.find("other").is_none());
        for wrong in [
            format!("{COMPANY}role = \"owner\"\n"),
            format!("{COMPANY}role = \"king\"\n"),
            format!("{COMPANY}secret = \"in a file that is copied\"\n"),
            format!("{COMPANY}client_secret_env = \"GESSO_NO_SUCH_VARIABLE\"\n"),
            format!("{COMPANY}{COMPANY}"),
            COMPANY.replace("company", "Not an id"),
            COMPANY.replace("https://login.example.org", "nowhere"),
        ] {
            assert!(read(&wrong).is_err(), "{wrong}");
        }
        assert!(IdentityProviders::read(None).unwrap().listed().is_empty());
    }
}
