using System.Globalization;
using System.Text;
using Berth.Images.Registry;
using Berth.Images.Spec;

namespace Berth.Images.Tests.Registry;

/// <summary>Registries that lie. Each lie is an <see cref="ImageException"/>, and nothing of it stays.</summary>
public sealed class HostileRegistryTests : IAsyncLifetime
{
    private const string Token = "c2VjcmV0LXRva2Vu";

    private readonly TestStore _test = new();
    private readonly ServedImage _image = ServedImage.OfFiles("a", "b");
    private ScriptedRegistry _registry = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static RegistryConfig Config { get; } = new() { RetryDelay = TimeSpan.FromMilliseconds(1), StallTimeout = TimeSpan.FromSeconds(10), Retries = 2 };

    private static RegistryCredentials Ann { get; } = new() { Username = "ann", Password = "secret" };

    public ValueTask InitializeAsync()
    {
        _registry = new ScriptedRegistry(_image.Answer);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _test.Dispose();
    }

    [Fact]
    public async Task Blob_OfOtherContent_IsRefusedAndForgotten()
    {
        Digest layer = _image.LayerDigests[1];
        byte[] other = [.. _image.Blobs[layer]];
        other[^1] ^= 1;
        OnBlob(layer, request => ServedImage.Blob(request, other));
        Assert.Contains("was announced", await RefusedAsync(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_test.Path, "partial", layer.Hex)));
    }

    [Fact]
    public async Task Blob_LongerThanAnnounced_IsRefusedAndForgotten()
    {
        Digest layer = _image.LayerDigests[1];
        OnBlob(layer, _ => new ScriptedResponse { Body = [.. _image.Blobs[layer], 1] });
        Assert.Contains("more than", await RefusedAsync(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_test.Path, "partial", layer.Hex)));
    }

    [Fact]
    public async Task Blob_WithoutEnd_IsCutOffAtItsSize()
    {
        Digest layer = _image.LayerDigests[1];
        OnBlob(layer, _ => new ScriptedResponse { Body = new byte[65536], Endless = true });
        await RefusedAsync();
        Assert.False(File.Exists(Path.Combine(_test.Path, "partial", layer.Hex)));
    }

    [Fact]
    public async Task Blob_ShorterThanAnnounced_IsGivenUp()
    {
        Digest layer = _image.LayerDigests[1];
        OnBlob(layer, request => request["Range"] is null ? new ScriptedResponse { Body = _image.Blobs[layer][..100] } : new ScriptedResponse(206) { Headers = [("Content-Range", "bytes 100-100/101")] });
        await RefusedAsync();
    }

    [Theory]
    [InlineData("bytes 0-10/20")]
    [InlineData("bytes 99999999-99999999/99999999")]
    [InlineData("nonsense")]
    public async Task Blob_OtherRangeThanAsked_IsNotAppended(string range)
    {
        Digest layer = _image.LayerDigests[1];
        int tries = 0;
        OnBlob(layer, request => Interlocked.Increment(ref tries) == 1 ? new ScriptedResponse { Body = _image.Blobs[layer], CutAfter = 5000 }
            : request["Range"] is null ? new ScriptedResponse { Body = _image.Blobs[layer] }
            : new ScriptedResponse(206) { Body = new byte[10], Headers = [("Content-Range", range)] });
        await PullAsync();
    }

    [Fact]
    public async Task Manifest_ByDigestOfOtherContent_IsRefused()
    {
        Digest digest = _image.Tag("v1");
        byte[] other = _image.Manifest(manifest => manifest with { Layers = [] });
        _registry.Answer = request => request.Path.Contains("/manifests/", StringComparison.Ordinal)
            ? new ScriptedResponse { Body = other, Headers = [("Content-Type", MediaTypes.OciManifest), ("Docker-Content-Digest", digest.ToString())] }
            : _image.Answer(request);
        Assert.Contains("announced", await RefusedAsync(_registry.Reference($"team/app@{digest}")), StringComparison.Ordinal);
        Assert.Contains("announced", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/manifests/")]
    [InlineData("/blobs/")]
    [InlineData("/token")]
    public async Task AnyAnswer_WithoutEnd_IsBounded(string where)
    {
        _registry.Answer = request => request.Path.Contains(where, StringComparison.Ordinal) && request.Method == "GET" ? new ScriptedResponse { Body = Encoding.ASCII.GetBytes(new string(' ', 65536)), Endless = true }
            : where == "/token" && request["Authorization"] is null ? Challenge($"Bearer realm=\"http://{_registry.Authority}/token\"")
            : _image.Answer(request);
        await RefusedAsync();
    }

    [Fact]
    public async Task Error_WithoutEnd_IsBounded()
    {
        _registry.Answer = request => request.Path == "/v2/" ? new ScriptedResponse() : new ScriptedResponse(403) { Body = new byte[65536], Endless = true };
        await RefusedAsync();
    }

    [Theory]
    [InlineData(MediaTypes.OciManifest, """{"schemaVersion":2,"config":null,"layers":null}""")]
    [InlineData(MediaTypes.OciManifest, """{"schemaVersion":2,"config":{"digest":"sha256:../../etc/passwd","size":1},"layers":[]}""")]
    [InlineData(MediaTypes.OciManifest, """{"schemaVersion":2,"manifests":[],"config":{},"layers":[]}""")]
    [InlineData(MediaTypes.OciIndex, """{"schemaVersion":2,"manifests":[{"digest":"x"}]}""")]
    [InlineData(MediaTypes.OciIndex, """{"schemaVersion":2,"manifests":[]}""")]
    [InlineData(MediaTypes.OciManifest, """{"schemaVersion":1,"fsLayers":[]}""")]
    [InlineData(MediaTypes.OciManifest, "[[[[")]
    [InlineData("text/html", "<html>")]
    public async Task Manifest_Malformed_IsRefused(string type, string json)
    {
        _image.Tag("v1", Encoding.UTF8.GetBytes(json), type);
        await RefusedAsync();
    }

    [Fact]
    public async Task Index_ThatNamesItselfDeeper_Ends()
    {
        byte[] inner = _image.Manifest();
        _image.Tag("m", inner, MediaTypes.OciManifest);
        for (int depth = 0; depth < 10; depth++)
        {
            inner = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"mediaType":"{{MediaTypes.OciIndex}}","manifests":[{"mediaType":"{{(depth == 0 ? MediaTypes.OciManifest : MediaTypes.OciIndex)}}","digest":"{{Digest.Of(inner)}}","size":{{inner.Length}}}]}""");
            _image.Tag("v1", inner, MediaTypes.OciIndex);
        }
        await RefusedAsync();
    }

    [Fact]
    public async Task Manifest_WithASizeThatLies_IsRefused()
    {
        byte[] manifest = _image.Manifest(m => m with { Layers = [.. m.Layers.Select(layer => layer with { Size = layer.Size - 1 })] });
        _image.Tag("v1", manifest, MediaTypes.OciManifest);
        await RefusedAsync();
        _image.Tag("v1", _image.Manifest(m => m with { Layers = [.. m.Layers.Select(layer => layer with { Size = long.MaxValue })] }), MediaTypes.OciManifest);
        await RefusedAsync();
        _image.Tag("v1", _image.Manifest(m => m with { Config = m.Config with { Size = m.Config.Size + 1 } }), MediaTypes.OciManifest);
        await RefusedAsync();
    }

    [Fact]
    public async Task Redirect_ToAnotherHost_CarriesNoCredentials()
    {
        await using var other = new ScriptedRegistry(_image.Answer);
        _registry.Answer = request => request["Authorization"] is null ? Challenge("Basic realm=\"x\"")
            : request.Path.Contains("/blobs/", StringComparison.Ordinal) ? new ScriptedResponse(307) { Headers = [("Location", $"http://{other.Authority}{request.Target}")] }
            : _image.Answer(request);
        await PullAsync(Ann);
        Assert.NotEmpty(other.Requests);
        Assert.All(other.Requests, request => Assert.Null(request["Authorization"]));
    }

    [Theory]
    [InlineData("file:///etc/passwd")]
    [InlineData("ftp://127.0.0.1/x")]
    [InlineData("http://ann:secret@127.0.0.1/")]
    [InlineData("http://")]
    public async Task Redirect_ToNoHttpAddress_IsRefused(string location)
    {
        _registry.Answer = request => request.Path.Contains("/blobs/", StringComparison.Ordinal) ? new ScriptedResponse(307) { Headers = [("Location", location)] } : _image.Answer(request);
        await RefusedAsync();
    }

    [Fact]
    public async Task Redirect_InACircle_Ends()
    {
        _registry.Answer = request => request.Path.Contains("/blobs/", StringComparison.Ordinal) ? new ScriptedResponse(302) { Headers = [("Location", request.Target)] } : _image.Answer(request);
        Assert.Contains("redirects", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Token_IsAskedOncePerScopeWithTheCredentials()
    {
        _registry.Answer = TokenServer(request => ScriptedResponse.Text($$"""{"token":"{{Token}}","expires_in":300}"""));
        await PullAsync(Ann);
        ScriptedRequest asked = Assert.Single(_registry.Requests, request => request.Path == "/token");
        Assert.Equal($"/token?service=a%20b&scope=repository%3Ateam%2Fapp%3Apull&account=ann", asked.Target);
        Assert.Equal("Basic " + Convert.ToBase64String("ann:secret"u8), asked["Authorization"]);
    }

    [Fact]
    public async Task Token_ThatRanOut_IsAskedForAgain()
    {
        int given = 0;
        _registry.Answer = request => request.Path == "/token" ? ScriptedResponse.Text($$"""{"access_token":"t{{Interlocked.Increment(ref given)}}"}""")
            // The first token is good for the manifest alone.
            : request["Authorization"] is not { } proof || (proof == "Bearer t1" && request.Path.Contains("/blobs/", StringComparison.Ordinal)) ? Challenge($"Bearer realm=\"http://{_registry.Authority}/token\"")
            : _image.Answer(request);
        await PullAsync();
        Assert.True(given >= 2);
    }

    [Fact]
    public async Task Token_ByIdentityToken_IsPosted()
    {
        _registry.Answer = TokenServer(_ => ScriptedResponse.Text($$"""{"access_token":"{{Token}}"}"""));
        await PullAsync(new RegistryCredentials { IdentityToken = "refresh me" });
        ScriptedRequest asked = Assert.Single(_registry.Requests, request => request.Path == "/token");
        Assert.Equal("POST", asked.Method);
        Assert.Contains("grant_type=refresh_token&refresh_token=refresh+me", Encoding.ASCII.GetString(asked.Body), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"token":""}""")]
    [InlineData("""{"token":5}""")]
    [InlineData("""{"token":"a\r\nX-Injected: 1"}""")]
    [InlineData("""{"token":"\ud800"}""")]
    [InlineData("not json")]
    public async Task Token_ThatIsNone_IsRefused(string answer)
    {
        _registry.Answer = TokenServer(_ => ScriptedResponse.Text(answer));
        Assert.Contains("no token", await RefusedAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Bearer realm=\"file:///etc/passwd\"")]
    [InlineData("Bearer realm=\"http://ann:secret@127.0.0.1/\"")]
    [InlineData("Bearer realm=\"\"")]
    [InlineData("Bearer")]
    [InlineData("Negotiate abc")]
    [InlineData("")]
    [InlineData("Basic realm=\"x\"")]
    public async Task Challenge_ThatCannotBeMet_IsRefused(string challenge)
    {
        _registry.Answer = _ => Challenge(challenge);
        await RefusedAsync();
    }

    [Fact]
    public async Task Login_RightAndWrong()
    {
        _registry.Answer = request => request["Authorization"] == "Basic " + Convert.ToBase64String("ann:secret"u8) ? new ScriptedResponse() : Challenge("Basic realm=\"x\"");
        await RegistryLogin.CheckAsync(Ann with { ServerAddress = _registry.Authority }, Config, TimeProvider.System, Cancellation);
        ImageException wrong = await Assert.ThrowsAsync<ImageException>(() => RegistryLogin.CheckAsync(Ann with { Password = "x", ServerAddress = $"http://{_registry.Authority}/v2/" }, Config, TimeProvider.System, Cancellation));
        Assert.Equal(ImageErrorCode.Unauthorized, wrong.Code);
    }

    [Fact]
    public async Task Push_UploadToAnotherHost_IsRefused()
    {
        await PullAsync();
        await using var other = new ScriptedRegistry(_ => new ScriptedResponse(201));
        _registry.Answer = request => request.Method switch
        {
            "HEAD" => new ScriptedResponse(404),
            "POST" => new ScriptedResponse(202) { Headers = [("Location", $"http://localhost:{other.Authority.Split(':')[1]}/upload")] },
            _ => new ScriptedResponse(),
        };
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => _test.Store.PushAsync(_registry.Reference(), Ann, Config, null, Cancellation));
        Assert.Contains("another place", refused.Message, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Tags_WithoutEndOrElsewhere_AreBounded()
    {
        _registry.Answer = request => request.Path == "/v2/" ? new ScriptedResponse()
            : ScriptedResponse.Text("""{"tags":["a"]}""", ("Link", $"<{request.Path}?last=a>; rel=\"next\""));
        var request = new PullRequest { Reference = ImageReference.Parse($"{_registry.Authority}/team/app") };
        await Assert.ThrowsAsync<ImageException>(() => _test.Store.RemoteTagsAsync(request, Config, Cancellation));

        await using var other = new ScriptedRegistry(_ => ScriptedResponse.Text("""{"tags":["x"]}"""));
        _registry.Answer = asked => asked.Path == "/v2/" ? new ScriptedResponse() : ScriptedResponse.Text("""{"tags":["a"]}""", ("Link", $"<http://{other.Authority}/x>; rel=\"next\""));
        Assert.Single(await _test.Store.RemoteTagsAsync(request, Config, Cancellation));
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task Fuzz_ManifestsConfigsAndHeaders_AreRefusedInGoodOrder()
    {
        byte[] manifest = _image.Manifest();
        Digest config = _image.Blobs.Keys.Except(_image.LayerDigests).Single();
        string[] headers = ["Docker-Content-Digest", "WWW-Authenticate", "Location", "Content-Type", "Link", "Retry-After", "Content-Range"];
        for (int seed = 0; seed < 150; seed++)
        {
            var random = new Random(seed);
            byte[] bent = Mutate(manifest, random);
            (string, string)[] extra = [.. headers.Where(_ => random.Next(3) == 0).Select(name => (name, Noise(random)))];
            int status = random.Next(4) == 0 ? ((int[])[204, 206, 301, 307, 401, 403, 404, 416, 429])[random.Next(9)] : 200;
            _registry.Answer = request => request.Path.Contains("/manifests/", StringComparison.Ordinal) ? new ScriptedResponse(status) { Body = bent, Headers = extra }
                : request.Path.EndsWith(config.ToString(), StringComparison.Ordinal) && seed % 2 == 0 ? new ScriptedResponse { Body = Mutate(_image.Blobs[config], random), Headers = extra }
                : _image.Answer(request);
            try
            {
                await PullAsync(Ann, Config with { Retries = 0 });
                _test.Store.Prune(all: true);
            }
            catch (ImageException)
            {
                Assert.Empty(_test.Store.List());
                Assert.Empty(_test.Leftovers());
            }
        }
    }

    [Fact]
    public void Fuzz_Challenges_NeverThrowAndStayBounded()
    {
        string[] pieces = ["Bearer", "Basic", " ", ",", "=", "\"", "\\", "realm", "service", "a", "é", "\t", "scope=\"x y\"", "Digest nonce=1"];
        for (int seed = 0; seed < 20_000; seed++)
        {
            var random = new Random(seed);
            string text = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => pieces[random.Next(pieces.Length)]));
            Assert.InRange(AuthChallenge.Parse([text]).Count, 0, 8);
        }
        Assert.Empty(AuthChallenge.Parse([new string('a', 100_000)]));
    }

    [Theory]
    [InlineData("Bearer realm=\"https://auth/token\",service=\"reg,istry\",scope=\"repository:a:pull,push\"", "bearer", "https://auth/token", "reg,istry")]
    [InlineData("BEARER Realm = \"https://auth/\\\"token\" , service=plain", "bearer", "https://auth/\"token", "plain")]
    [InlineData("Basic realm=x", "basic", "x", "")]
    public void Challenge_IsRead(string text, string scheme, string realm, string service)
    {
        AuthChallenge challenge = AuthChallenge.Parse([text]).Single();
        Assert.Equal((scheme, realm, service), (challenge.Scheme, challenge["realm"], challenge["service"]));
    }

    [Fact]
    public void Challenge_SeveralInOneHeader_AreToldApart() =>
        Assert.Equal(["negotiate", "basic", "bearer"], AuthChallenge.Parse(["Negotiate, Basic realm=\"a\", Bearer realm=\"b\""]).Select(challenge => challenge.Scheme));

    private Func<ScriptedRequest, ScriptedResponse> TokenServer(Func<ScriptedRequest, ScriptedResponse> token) => request =>
        request.Path == "/token" ? token(request)
        : request["Authorization"] == $"Bearer {Token}" ? _image.Answer(request)
        : Challenge($"Bearer realm=\"http://{_registry.Authority}/token\",service=\"a b\",scope=\"repository:other:push\"");

    private static ScriptedResponse Challenge(string header) => new(401) { Headers = header.Length == 0 ? [] : [("WWW-Authenticate", header)] };

    private void OnBlob(Digest digest, Func<ScriptedRequest, ScriptedResponse> answer) =>
        _registry.Answer = request => request.Path.EndsWith(digest.ToString(), StringComparison.Ordinal) ? answer(request) : _image.Answer(request);

    private Task<PulledImage> PullAsync(RegistryCredentials? credentials = null, RegistryConfig? config = null, ImageReference? reference = null) => _test.Store.PullAsync(
        new PullRequest { Reference = reference ?? _registry.Reference(), Credentials = credentials ?? RegistryCredentials.Anonymous }, config ?? Config, null, Cancellation);

    private async Task<string> RefusedAsync(ImageReference? reference = null)
    {
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => PullAsync(reference: reference));
        Assert.Empty(_test.Store.List());
        Assert.Empty(_test.Leftovers());
        return refused.Message;
    }

    private static byte[] Mutate(byte[] json, Random random)
    {
        byte[] bent = [.. json];
        for (int i = random.Next(1, 6); i > 0; i--)
        {
            int at = random.Next(bent.Length);
            switch (random.Next(4))
            {
                case 0:
                    bent[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bent = bent[..at];
                    break;
                case 2:
                    bent = [.. bent[..at], .. bent[at..], .. bent[at..]];
                    break;
                default:
                    bent = [.. bent[..at], .. Encoding.ASCII.GetBytes(random.NextInt64().ToString(CultureInfo.InvariantCulture)), .. bent[at..]];
                    break;
            }
            if (bent.Length == 0)
            {
                bent = "{"u8.ToArray();
            }
        }
        return bent;
    }

    private static string Noise(Random random) => string.Concat(Enumerable.Range(0, random.Next(1, 30)).Select(_ => (char)random.Next(' ', '\x7f')));
}
