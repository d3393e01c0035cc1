using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Berth.Registry.Auth;
using Berth.Registry.Hosting;
using Berth.Testing;

namespace Berth.Registry.Tests;

/// <summary>Who may do what: passwords, TLS, read-only, limits.</summary>
public sealed class AccessTests : RegistryTest
{
    [Fact]
    public async Task Htpasswd_RightAndWrongPasswords()
    {
        using var folder = new TemporaryDirectory();
        string file = folder.Combine("users");
        HtpasswdFile.Set(file, "ann", "pass:word");
        await Registry.RestartAsync(options => options with { Htpasswd = file });
        using (HttpResponseMessage nobody = await SendAsync(HttpMethod.Get, "/v2/"))
        {
            Assert.Equal(HttpStatusCode.Unauthorized, nobody.StatusCode);
            Assert.Equal("Basic", nobody.Headers.WwwAuthenticate.Single().Scheme);
        }
        Assert.Equal(HttpStatusCode.Unauthorized, await AsAsync("ann", "wrong"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AsAsync("bob", "pass:word"));
        Assert.Equal(HttpStatusCode.OK, await AsAsync("ann", "pass:word"));
        Assert.Equal(HttpStatusCode.OK, await AsAsync("ann", "pass:word"));

        HtpasswdFile.Set(file, "ann", "other");
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));
        Assert.Equal(HttpStatusCode.Unauthorized, await AsAsync("ann", "pass:word"));
        Assert.Equal(HttpStatusCode.OK, await AsAsync("ann", "other"));
    }

    [Theory]
    [InlineData("Basic")]
    [InlineData("Basic !!!")]
    [InlineData("Basic OmFubg==")]
    [InlineData("Bearer abc")]
    public async Task Htpasswd_MalformedHeaders_AreRefused(string header)
    {
        using var folder = new TemporaryDirectory();
        HtpasswdFile.Set(folder.Combine("users"), "ann", "secret");
        await Registry.RestartAsync(options => options with { Htpasswd = folder.Combine("users") });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/");
        request.Headers.TryAddWithoutValidation("Authorization", header);
        using HttpResponseMessage response = await Client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
    }

    [Theory]
    [InlineData("ann:plain")]
    [InlineData("ann:$apr1$abc$def")]
    [InlineData("nothing")]
    public void Htpasswd_OtherThanBcrypt_IsRefusedByLine(string line)
    {
        using var folder = new TemporaryDirectory();
        File.WriteAllText(folder.Combine("users"), "\n" + line + "\n");
        Assert.Contains("line 2", Assert.Throws<FormatException>(() => HtpasswdFile.Read(folder.Combine("users"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tls_CertificateFiles_AreServed()
    {
        using var folder = new TemporaryDirectory();
        (string certificate, string key) = WriteCertificate(folder);
        await Registry.RestartAsync(options => options with { TlsCertificate = certificate, TlsKey = key });
        Assert.Equal("https", Client.BaseAddress!.Scheme);
        await Registry.PushImageAsync("team/app", "v1");
        await ExpectAsync(HttpMethod.Get, "/v2/team/app/manifests/v1", HttpStatusCode.OK);
    }

    [Fact]
    public async Task ReadOnly_RefusesEveryWrite()
    {
        await Registry.PushImageAsync("team/app", "v1");
        await Registry.RestartAsync(options => options with { ReadOnly = true });
        await ExpectAsync(HttpMethod.Get, "/v2/team/app/manifests/v1", HttpStatusCode.OK);
        await ExpectErrorAsync(await Client.PostAsync("/v2/team/app/blobs/uploads/", null, Cancellation), HttpStatusCode.MethodNotAllowed, "UNSUPPORTED");
        await ExpectErrorAsync(await SendAsync(HttpMethod.Delete, "/v2/team/app/manifests/v1"), HttpStatusCode.MethodNotAllowed, "UNSUPPORTED");
    }

    [Fact]
    public async Task Limits_OnBlobsAndUploads_AreKept()
    {
        await Registry.RestartAsync(options => options with { MaxBlobBytes = 10, MaxUploads = 2 });
        await ExpectErrorAsync(await Client.PostAsync($"/v2/a/blobs/uploads/?digest={TestRegistry.DigestOf(new byte[11])}", TestRegistry.Bytes(new byte[11]), Cancellation), HttpStatusCode.RequestEntityTooLarge, "SIZE_INVALID");
        await Registry.PushBlobAsync("a", new byte[10]);
        await Registry.BeginAsync("a");
        await Registry.BeginAsync("a");
        await ExpectErrorAsync(await Client.PostAsync("/v2/a/blobs/uploads/", null, Cancellation), HttpStatusCode.TooManyRequests, "TOOMANYREQUESTS");
    }

    [Theory]
    [InlineData("serve")]
    [InlineData("serve a b")]
    [InlineData("serve --listen nowhere d")]
    [InlineData("serve --listen 5000 d")]
    [InlineData("serve --tls-cert c d")]
    [InlineData("gc --keep x d")]
    [InlineData("gc --what d")]
    public void Options_ThatAreWrong_AreRefused(string line) => Assert.Throws<FormatException>(() => RegistryOptions.Parse(line.Split(' ')));

    internal static (string Certificate, string Key) WriteCertificate(TemporaryDirectory folder)
    {
        using RSA key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(folder.Combine("cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(folder.Combine("key.pem"), key.ExportPkcs8PrivateKeyPem());
        return (folder.Combine("cert.pem"), folder.Combine("key.pem"));
    }

    private async Task<HttpStatusCode> AsAsync(string user, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v2/");
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        using HttpResponseMessage response = await Client.SendAsync(request, Cancellation);
        return response.StatusCode;
    }
}
