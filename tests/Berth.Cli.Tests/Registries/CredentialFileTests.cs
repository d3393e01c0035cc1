using Berth.Cli.Api;
using Berth.Testing;

namespace Berth.Cli.Registries;

/// <summary>Docker's config.json, shared with the docker CLI.</summary>
public sealed class CredentialFileTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    private string Path => _folder.Combine("docker", "config.json");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("docker.io", "https://index.docker.io/v1/")]
    [InlineData("localhost:5000", "localhost:5000")]
    public void Set_ThenGet_KeepsTheRestAndIsPrivate(string registry, string key)
    {
        Directory.CreateDirectory(_folder.Combine("docker"));
        File.WriteAllText(Path, """{"proxies":{"default":{}},"auths":{"other.example.org":{"auth":"YTpi"}}}""");
        CredentialFile file = new(Path);
        Assert.True(file.Set(registry, new Credentials("ann", "pass:word")));
        Assert.Equal(new Credentials("ann", "pass:word"), file.Get(registry));
        Assert.Equal(new Credentials("a", "b"), file.Get("other.example.org"));
        Assert.Contains("proxies", File.ReadAllText(Path), StringComparison.Ordinal);
        Assert.Contains($"\"{key}\"", File.ReadAllText(Path), StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.True(file.Remove(registry));
        Assert.Null(file.Get(registry));
        Assert.False(file.Remove(registry));
    }

    [Fact]
    public void Get_KeyWithSchemeOrToken_IsFound()
    {
        Directory.CreateDirectory(_folder.Combine("docker"));
        File.WriteAllText(Path, """{"auths":{"https://a.example.org/v2/":{"auth":"YTpi"},"b.example.org":{"auth":"YTpi","identitytoken":"t"},"c.example.org":{"auth":"%%%"},"d.example.org":5}}""");
        CredentialFile file = new(Path);
        Assert.Equal(new Credentials("a", "b"), file.Get("a.example.org"));
        Assert.Equal(new Credentials(Credentials.TokenUser, "t"), file.Get("b.example.org"));
        Assert.Null(file.Get("c.example.org"));
        Assert.Null(file.Get("d.example.org"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{")]
    public void Get_NotAnObject_NamesTheFile(string text)
    {
        Directory.CreateDirectory(_folder.Combine("docker"));
        File.WriteAllText(Path, text);
        Assert.Contains(Path, Assert.Throws<CliException>(() => new CredentialFile(Path).Get("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_HelperWithAPathForAName_IsRefused()
    {
        Directory.CreateDirectory(_folder.Combine("docker"));
        File.WriteAllText(Path, """{"credsStore":"../../bin/evil"}""");
        Assert.Throws<CliException>(() => new CredentialFile(Path).Get("x"));
    }

    [Theory]
    [InlineData("busybox", "docker.io")]
    [InlineData("team/app:1", "docker.io")]
    [InlineData("localhost/app", "localhost")]
    [InlineData("localhost:5000/app", "localhost:5000")]
    [InlineData("registry.example.org/a/b@sha256:x", "registry.example.org")]
    [InlineData("index.docker.io/a/b", "docker.io")]
    public void RegistryOfAnImage_AsDockerSeesIt(string image, string registry) => Assert.Equal(registry, RegistryName.OfImage(image));
}
