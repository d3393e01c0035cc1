using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Berth.Images.Registry;

/// <summary>
/// Proves who asks, as the registry's challenge says: basic, or bearer tokens for each scope. [DIST-AUTH] "Token Authentication".
/// </summary>
internal sealed class RegistryAuthorizer(RegistryEndpoint endpoint, RegistryTransport transport, RegistryCredentials credentials, TimeProvider time) : IDisposable
{
    private const int MaxTokenAnswer = 256 << 10;
    private const int MaxToken = 128 << 10;
    private static readonly TimeSpan ShortestLife = TimeSpan.FromSeconds(60);

    private readonly Dictionary<string, (string Token, DateTimeOffset Until)> _tokens = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _asking = new(1);
    private AuthChallenge? _challenge;

    // Mirrors are other hosts than the one the credentials are for.
    private RegistryCredentials Credentials => endpoint.IsMirror ? RegistryCredentials.Anonymous : credentials;

    /// <summary>Adds what the last challenge asked for; nothing before there was one.</summary>
    public async Task AuthorizeAsync(HttpRequestMessage request, string scope, CancellationToken cancellation)
    {
        if (Credentials.RegistryToken.Length > 0)
        {
            request.Headers.Authorization = Bearer(Credentials.RegistryToken);
        }
        else if (_challenge?.Scheme == "basic" && Credentials.Username.Length > 0)
        {
            request.Headers.Authorization = Basic();
        }
        else if (_challenge is { Scheme: "bearer" } bearer)
        {
            request.Headers.Authorization = Bearer(await TokenAsync(bearer, scope, cancellation));
        }
    }

    /// <summary>
    /// Takes in the challenge of a refused answer. False when asking again would be no different: no scheme that is understood, or
    /// what it asks for was sent and refused.
    /// </summary>
    public bool Accept(HttpResponseMessage refused, string scope)
    {
        IReadOnlyList<AuthChallenge> offered = refused.Headers.NonValidated.TryGetValues("WWW-Authenticate", out HeaderStringValues values)
            ? AuthChallenge.Parse(values)
            : [];
        AuthChallenge? chosen = offered.FirstOrDefault(challenge => challenge.Scheme == "bearer") ?? offered.FirstOrDefault(challenge => challenge.Scheme == "basic");
        if (chosen is null || Credentials.RegistryToken.Length > 0 || (chosen.Scheme == "basic" && Credentials.Username.Length == 0))
        {
            return false;
        }
        // Written once per session in effect: every challenge of one registry names the same realm.
        _challenge = chosen;
        lock (_tokens)
        {
            _tokens.Remove(scope); // it ran out, or was refused
        }
        return true;
    }

    public void Dispose() => _asking.Dispose();

    private async Task<string> TokenAsync(AuthChallenge bearer, string scope, CancellationToken cancellation)
    {
        await _asking.WaitAsync(cancellation);
        try
        {
            lock (_tokens)
            {
                if (_tokens.TryGetValue(scope, out (string Token, DateTimeOffset Until) known) && known.Until > time.GetUtcNow())
                {
                    return known.Token;
                }
            }
            (string token, TimeSpan life) = await AskAsync(bearer, scope, cancellation);
            lock (_tokens)
            {
                // Renewed a little early, so that a token does not run out on its way.
                _tokens[scope] = (token, time.GetUtcNow() + life - TimeSpan.FromSeconds(10));
            }
            return token;
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<(string Token, TimeSpan Life)> AskAsync(AuthChallenge bearer, string scope, CancellationToken cancellation)
    {
        Uri realm = Realm(bearer["realm"]);
        // The server of tokens is often another host; credentials go there because the registry they belong to says so.
        using var tokens = endpoint.IsSameOrigin(realm) ? null : new RegistryTransport(new RegistryEndpoint(realm.Authority, new Uri(realm.GetLeftPart(UriPartial.Authority)), false, endpoint.IsMirror), new RegistryConfig());
        using HttpRequestMessage request = Credentials.IdentityToken.Length > 0 ? Refresh(realm, bearer["service"], scope) : Get(realm, bearer["service"], scope);
        using HttpResponseMessage response = await (tokens ?? transport).SendAsync(request, cancellation);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw await RegistryErrors.FromAsync(response, endpoint, $"a token from {ImageException.Printable(realm.Authority)}", cancellation);
        }
        byte[] body = await RegistryBody.TryReadAsync(response, MaxTokenAnswer, cancellation) ?? throw Malformed(realm);
        using JsonDocument json = RegistryJson.TryParse(body) ?? throw Malformed(realm);
        string token = RegistryJson.Text(json.RootElement, "token") is { Length: > 0 } first ? first : RegistryJson.Text(json.RootElement, "access_token");
        if (token.Length is 0 or > MaxToken || token.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0)
        {
            throw Malformed(realm);
        }
        long seconds = Math.Clamp(RegistryJson.Number(json.RootElement, "expires_in") ?? 60, (long)ShortestLife.TotalSeconds, 24 * 3600);
        return (token, TimeSpan.FromSeconds(seconds));
    }

    private HttpRequestMessage Get(Uri realm, string service, string scope)
    {
        var query = new StringBuilder(realm.Query.TrimStart('?'));
        void Add(string name, string value) => query.Append(query.Length > 0 ? "&" : "").Append(name).Append('=').Append(Uri.EscapeDataString(value));
        if (service.Length > 0)
        {
            Add("service", service);
        }
        foreach (string one in scope.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            Add("scope", one);
        }
        if (Credentials.Username.Length > 0)
        {
            Add("account", Credentials.Username);
        }
        var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder(realm) { Query = query.ToString() }.Uri);
        if (Credentials.Username.Length > 0)
        {
            request.Headers.Authorization = Basic();
        }
        return request;
    }

    // [DIST-AUTH] "OAuth2 Token Authentication"
    private HttpRequestMessage Refresh(Uri realm, string service, string scope) => new(HttpMethod.Post, realm)
    {
        Content = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "refresh_token",
            ["refresh_token"] = Credentials.IdentityToken,
            ["service"] = service,
            ["scope"] = scope,
            ["client_id"] = "berth",
        }),
    };

    private Uri Realm(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? realm) && realm.UserInfo.Length == 0 && (realm.Scheme == "https" || (realm.Scheme == "http" && endpoint.Address.Scheme == "http"))
            ? realm
            : throw new ImageException(ImageErrorCode.InvalidArchive,
                $"{endpoint.Address.Authority} asks for tokens of \"{ImageException.Printable(text)}\", which is no https address");

    private ImageException Malformed(Uri realm) =>
        new(ImageErrorCode.InvalidArchive, $"{ImageException.Printable(realm.Authority)}, which gives the tokens for {endpoint.Address.Authority}, answered with something that is no token");

    private AuthenticationHeaderValue Basic() =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Credentials.Username}:{Credentials.Password}")));

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);
}
