using System.Security.Cryptography;
using Berth.Images.Registry;
using Berth.Images.Spec;

namespace Berth.Images.Tests.Registry;

/// <summary>Pushes to registries that break down in the middle of an upload.</summary>
public sealed class PushTests : IAsyncLifetime
{
    private const string Upload = "/v2/team/app/blobs/uploads/1";

    private readonly TestStore _test = new();
    private readonly ServedImage _image = new();
    private readonly MemoryStream _received = new();
    private ScriptedRegistry _registry = null!;
    private bool _stored;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static RegistryConfig Config { get; } = new() { RetryDelay = TimeSpan.FromMilliseconds(1) };

    public async ValueTask InitializeAsync()
    {
        // More than is sent in one request.
        byte[] tar = new TarBuilder().File("file", Convert.ToHexString(RandomNumberGenerator.GetBytes(3 << 20))).Build();
        _image.Layer(tar, Digest.Of(tar), MediaTypes.OciLayer).Tag("v1");
        _registry = new ScriptedRegistry(_image.Answer);
        await _test.Store.PullAsync(new PullRequest { Reference = _registry.Reference() }, Config, null, Cancellation);
        _registry.Requests.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _registry.DisposeAsync();
        _test.Dispose();
    }

    [Fact]
    public async Task Push_BrokenUpload_GoesOnWhereTheRegistrySays()
    {
        bool broken = false;
        _registry.Answer = request =>
        {
            if (request.Method == "PATCH" && !broken)
            {
                broken = true;
                _received.Write(request.Body, 0, 1_000_000); // as if the rest had been lost on its way
                return new ScriptedResponse(502);
            }
            return Answer(request);
        };
        await PushAsync();
        Assert.Equal(_image.LayerDigests[0], Digest.Of(_received.ToArray()));
        string?[] ranges = [.. _registry.Requests.Where(request => request.Method == "PATCH").Select(request => request["Content-Range"])];
        Assert.Equal("1000000", ranges[^1]!.Split('-')[0]);
    }

    [Fact]
    public async Task Push_LostUpload_BeginsAnew()
    {
        bool lost = false;
        _registry.Answer = request =>
        {
            if (request.Method == "PUT" && request.Path == Upload && !lost)
            {
                lost = true;
                _received.SetLength(0);
                return new ScriptedResponse(404);
            }
            return Answer(request);
        };
        await PushAsync();
        Assert.Equal(_image.LayerDigests[0], Digest.Of(_received.ToArray()));
        Assert.Equal(2, _registry.Requests.Count(request => request.Method == "POST" && request.Path.EndsWith("/uploads/", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Push_UploadLostAgainAndAgain_IsGivenUp()
    {
        _registry.Answer = request => request.Method == "PUT" && request.Path == Upload ? new ScriptedResponse(404) : Answer(request);
        ImageException given = await Assert.ThrowsAsync<ImageException>(PushAsync);
        Assert.Equal(ImageErrorCode.Unavailable, given.Code);
        Assert.DoesNotContain(_registry.Requests, request => request.Method == "PUT" && request.Path.Contains("/manifests/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Push_ManifestRefused_SaysWhy()
    {
        _registry.Answer = request => request.Path.Contains("/manifests/", StringComparison.Ordinal)
            ? ScriptedResponse.Text("""{"errors":[{"code":"MANIFEST_INVALID","message":"I do not like it"}]}""") with { Status = 400 }
            : Answer(request);
        Assert.Contains("I do not like it", (await Assert.ThrowsAsync<ImageException>(PushAsync)).Message, StringComparison.Ordinal);
    }

    // A registry that has the configuration, and takes the layer.
    private ScriptedResponse Answer(ScriptedRequest request)
    {
        switch (request.Method)
        {
            case "HEAD":
                return new ScriptedResponse(request.Path.EndsWith(_image.LayerDigests[0].ToString(), StringComparison.Ordinal) && !_stored ? 404 : 200);
            case "POST":
                _received.SetLength(0);
                return new ScriptedResponse(202) { Headers = [("Location", Upload)] };
            case "PATCH":
                if (request["Content-Range"]!.Split('-')[0] != _received.Length.ToString(System.Globalization.CultureInfo.InvariantCulture))
                {
                    return new ScriptedResponse(416);
                }
                _received.Write(request.Body);
                return new ScriptedResponse(202) { Headers = [("Location", Upload)] };
            case "PUT":
                _stored = true;
                return new ScriptedResponse(201);
            default:
                return request.Path == Upload ? new ScriptedResponse(204) { Headers = [("Range", $"0-{_received.Length - 1}"), ("Location", Upload)] } : new ScriptedResponse();
        }
    }

    private Task PushAsync() => _test.Store.PushAsync(_registry.Reference(), RegistryCredentials.Anonymous, Config, null, Cancellation);
}
