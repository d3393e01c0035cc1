using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Berth.Images.Registry;
using Berth.Testing;

namespace Berth.Images.Tests.Registry;

/// <summary>Whom a client trusts. Loopback is trusted anyway, so these tests say of the endpoint that it is not.</summary>
public sealed class TlsTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private readonly RSA _key = RSA.Create(2048);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _key.Dispose();
    }

    [Fact]
    public async Task Certificate_OfAnUnknownAuthority_IsRefused()
    {
        using X509Certificate2 certificate = Certificate("127.0.0.1");
        await using ScriptedRegistry registry = Serve(certificate);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(registry, new RegistryConfig()));
        Assert.Empty(registry.Requests);
    }

    [Fact]
    public async Task Certificate_OfAnAuthorityForThisRegistry_IsTakenForItAlone()
    {
        using X509Certificate2 certificate = Certificate("127.0.0.1");
        await using ScriptedRegistry registry = Serve(certificate);
        await using ScriptedRegistry other = Serve(certificate);
        RegistryConfig config = Trusting(registry, certificate);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(registry, config));
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(other, config));
    }

    [Fact]
    public async Task Certificate_OfAnotherName_IsRefused()
    {
        using X509Certificate2 certificate = Certificate("127.0.0.2");
        await using ScriptedRegistry registry = Serve(certificate);
        await Assert.ThrowsAsync<HttpRequestException>(() => AskAsync(registry, Trusting(registry, certificate)));
    }

    [Fact]
    public async Task Redirect_FromHttpsToHttp_IsRefused()
    {
        using X509Certificate2 certificate = Certificate("127.0.0.1");
        await using var plain = new ScriptedRegistry(_ => new ScriptedResponse());
        await using ScriptedRegistry registry = Serve(certificate);
        registry.Answer = _ => new ScriptedResponse(302) { Headers = [("Location", $"http://{plain.Authority}/")] };
        ImageException refused = await Assert.ThrowsAsync<ImageException>(() => AskAsync(registry, Trusting(registry, certificate)));
        Assert.Contains("from https to plain http", refused.Message, StringComparison.Ordinal);
        Assert.Empty(plain.Requests);
    }

    [Theory]
    [InlineData("registry.example.org", false)]
    [InlineData("named.example.org:5000", true)]
    [InlineData("named.example.org", false)]
    [InlineData("10.1.2.3:5000", true)]
    [InlineData("10.2.2.3:5000", false)]
    [InlineData("localhost:5000", true)]
    [InlineData("127.1.2.3", true)]
    [InlineData("[::1]:5000", true)]
    [InlineData("docker.io", false)]
    public void Endpoints_ArePlainOnlyWhereTheUserSaidSo(string domain, bool insecure)
    {
        var config = new RegistryConfig { Insecure = ["named.example.org:5000", "10.1.0.0/16"] };
        IReadOnlyList<RegistryEndpoint> endpoints = RegistryEndpoint.Of(domain, config, withMirrors: false);
        Assert.Equal(insecure, endpoints.Any(endpoint => endpoint.Address.Scheme == "http"));
        Assert.All(endpoints, endpoint => Assert.Equal(insecure, endpoint.IsInsecure));
        Assert.Equal("https", endpoints[0].Address.Scheme);
    }

    private static ScriptedRegistry Serve(X509Certificate2 certificate) => new(_ => new ScriptedResponse()) { Certificate = certificate };

    private X509Certificate2 Certificate(string address)
    {
        var request = new CertificateRequest("CN=test", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Parse(address));
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private RegistryConfig Trusting(ScriptedRegistry registry, X509Certificate2 authority)
    {
        Directory.CreateDirectory(_folder.Combine(registry.Authority));
        File.WriteAllText(_folder.Combine(registry.Authority, "ca.crt"), authority.ExportCertificatePem());
        return new RegistryConfig { CertificateDirectories = [_folder.Path] };
    }

    private static async Task<HttpStatusCode> AskAsync(ScriptedRegistry registry, RegistryConfig config)
    {
        var endpoint = new RegistryEndpoint(registry.Authority, new Uri($"https://{registry.Authority}"), IsInsecure: false, IsMirror: false);
        using var transport = new RegistryTransport(endpoint, config);
        using HttpResponseMessage response = await transport.SendAsync(new HttpRequestMessage(HttpMethod.Get, endpoint.Address), Cancellation);
        return response.StatusCode;
    }
}
