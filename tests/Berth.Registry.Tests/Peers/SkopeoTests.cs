using System.Text.Json;
using Berth.Images;
using Berth.Registry.Auth;
using Berth.Testing;

namespace Berth.Registry.Tests.Peers;

/// <summary>skopeo with our registry, and through it with our client.</summary>
public sealed class SkopeoTests : IDisposable
{
    private readonly LocalStore _local = new();
    private readonly TemporaryDirectory _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _local.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Copy_FromOurRegistryAndBack_KeepsDigests()
    {
        await using TestRegistry registry = await TestRegistry.StartAsync();
        string name = $"{registry.Authority}/team/app";
        Image image = await _local.MakeAsync($"{name}:1", bytes: 3 << 20);
        (Digest digest, _) = await _local.PushAsync($"{name}:1");
        (await SkopeoAsync("copy", "--src-tls-verify=false", $"docker://{name}:1", $"oci:{_folder.Combine("layout")}:1")).Expect();
        (await SkopeoAsync("copy", "--dest-tls-verify=false", $"oci:{_folder.Combine("layout")}:1", $"docker://{name}:2")).Expect();
        CommandResult inspected = (await SkopeoAsync("inspect", "--tls-verify=false", $"docker://{name}:2")).Expect();
        using JsonDocument json = JsonDocument.Parse(inspected.Output);
        Assert.Equal(image.Id, (await _local.PullAsync($"{name}:2")).Id);
        Assert.Equal(["1", "2"], json.RootElement.GetProperty("RepoTags").EnumerateArray().Select(tag => tag.GetString()));
        Assert.StartsWith("sha256:", digest.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("oci")]
    [InlineData("v2s2")]
    public async Task Copy_ByTlsAndPassword_InEitherFormat_IsPulledByUs(string format)
    {
        HtpasswdFile.Set(_folder.Combine("users"), "ann", "secret");
        (string certificate, string key) = AccessTests.WriteCertificate(_folder);
        Directory.CreateDirectory(_folder.Combine("trust"));
        File.Copy(certificate, _folder.Combine("trust", "ca.crt"));
        await using TestRegistry registry = await TestRegistry.StartAsync(options => options with { Htpasswd = _folder.Combine("users"), TlsCertificate = certificate, TlsKey = key });
        Image image = await _local.MakeAsync("app:1", bytes: 3 << 20);
        string archive = _folder.Combine("image.tar");
        await using (FileStream file = File.Create(archive))
        {
            await _local.Store.SaveAsync(["app:1"], file, Cancellation);
        }
        string name = $"{registry.Authority}/team/app:1";
        string[] copy = ["copy", "--format", format, "--dest-cert-dir", _folder.Combine("trust"), $"docker-archive:{archive}", $"docker://{name}"];
        Assert.NotEqual(0, (await SkopeoAsync(copy)).ExitCode);
        (await SkopeoAsync([.. copy, "--dest-creds", "ann:secret"])).Expect();
        _local.Clear();
        Image pulled = await _local.PullAsync(name, new() { Username = "ann", Password = "secret" });
        Assert.Equal(image.Config.Rootfs.DiffIds, pulled.Config.Rootfs.DiffIds);
        (await SkopeoAsync("delete", "--cert-dir", _folder.Combine("trust"), "--creds", "ann:secret", $"docker://{name}")).Expect();
        Assert.Equal(ImageErrorCode.NotFound, (await Assert.ThrowsAsync<ImageException>(() => _local.PullAsync(name, new() { Username = "ann", Password = "secret" }))).Code);
    }

    [Fact]
    public async Task Sync_FromOurRegistryToDockersAndBack()
    {
        await using TestRegistry ours = await TestRegistry.StartAsync();
        await using DockerRegistry theirs = await DockerRegistry.StartAsync();
        Image image = await _local.MakeAsync($"{ours.Authority}/team/app:1");
        await _local.PushAsync($"{ours.Authority}/team/app:1");
        (await SkopeoAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", $"docker://{ours.Authority}/team/app:1", $"docker://{theirs.Authority}/team/app:1")).Expect();
        (await SkopeoAsync("copy", "--src-tls-verify=false", "--dest-tls-verify=false", $"docker://{theirs.Authority}/team/app:1", $"docker://{ours.Authority}/other/app:1")).Expect();
        Assert.Equal(image.Id, (await _local.PullAsync($"{theirs.Authority}/team/app:1")).Id);
        Assert.Equal(image.Id, (await _local.PullAsync($"{ours.Authority}/other/app:1")).Id);
    }

    // A policy of its own: whatever the host's says, these images are taken.
    private async Task<CommandResult> SkopeoAsync(params string[] arguments)
    {
        string policy = _folder.Combine("policy.json");
        await File.WriteAllTextAsync(policy, """{"default":[{"type":"insecureAcceptAnything"}]}""", Cancellation);
        var environment = new Dictionary<string, string?> { ["REGISTRY_AUTH_FILE"] = _folder.Combine("auth.json"), ["HOME"] = _folder.Path };
        return await Command.RunAsync("skopeo", ["--policy", policy, .. arguments], environment, cancellationToken: Cancellation);
    }
}
