using Berth.Images.Building;
using Berth.Images.Tar;
using Berth.Testing;

namespace Berth.Images.Tests.Building;

/// <summary>Against git's own server.</summary>
public sealed class GitRepositoryTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();
    private int _directories;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task CheckOut_BranchTagCommitAndDirectory_WithoutGitsFiles()
    {
        await using GitServer server = await GitServer.StartAsync(("Dockerfile", "FROM a"), ("sub/f", "1"), (".gitattributes", "* export-ignore"));
        string first = (await server.GitAsync("rev-parse", "HEAD")).Text;
        await server.GitAsync("tag", "v1");
        await server.GitAsync("checkout", "-q", "-b", "work/x");
        string second = await server.CommitAsync(("sub/f", "2"));
        await server.CommitAsync(("sub/f", "3"));
        await server.GitAsync("checkout", "-q", "main");

        Assert.Equal([".gitattributes", "Dockerfile", "sub", "sub/f"], Names(await CheckOutAsync(server.Address)));
        foreach ((string reference, string content) in new[] { ("v1", "1"), ("work/x", "3"), (second, "2"), (first[..12], "1") })
        {
            string sub = await CheckOutAsync($"{server.Address}#{reference}:sub");
            Assert.Equal(["f"], Names(sub));
            Assert.Equal(content, File.ReadAllText(Path.Combine(sub, "f")));
        }
    }

    [Theory]
    [InlineData("#nothing", "has no branch, tag or commit nothing")]
    [InlineData("#main:nothing", "has no directory nothing")]
    [InlineData("#main:../..", null)]
    [InlineData("x", "cannot be fetched: git fetch: ")]
    public async Task CheckOut_NotThere_SaysWhat(string suffix, string? message)
    {
        await using GitServer server = await GitServer.StartAsync(("f", "1"));
        if (message is null)
        {
            Assert.Equal(["f"], Names(await CheckOutAsync(server.Address + suffix))); // a path that leads out ends at the root
            return;
        }
        Assert.Contains(message, (await Assert.ThrowsAsync<ImageException>(() => CheckOutAsync(server.Address + suffix))).Message, StringComparison.Ordinal);
    }

    // What a repository brings along must start nothing and lead nowhere.
    [Fact]
    public async Task CheckOut_HostileTree_IsOnlyFiles()
    {
        await using GitServer server = await GitServer.StartAsync((".gitattributes", "f filter=x diff=x"), ("f", "1"), (".gitmodules", $"[submodule \"s\"]\n\tpath = s\n\turl = ext::touch% {_folder.Combine("ran")}\n"));
        await server.GitAsync("update-index", "--add", "--cacheinfo", $"160000,{(await server.GitAsync("rev-parse", "HEAD")).Text},s");
        await server.GitAsync("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "s");
        ImageException e = await Assert.ThrowsAsync<ImageException>(() => CheckOutAsync(server.Address));
        Assert.Contains("transport 'ext' not allowed", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.Combine("ran")));
    }

    [Fact]
    public async Task CheckOut_PasswordInTheAddress_IsNotShown()
    {
        ImageException e = await Assert.ThrowsAsync<ImageException>(() => CheckOutAsync("http://user:hidden@127.0.0.1:9/a.git"));
        Assert.Contains("http://***@127.0.0.1:9/a.git cannot be fetched", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", e.Message, StringComparison.Ordinal);
    }

    private async Task<string> CheckOutAsync(string address)
    {
        string target = NewDirectory();
        await GitRepository.CheckOutAsync(GitAddress.Parse(address), NewDirectory(), new BuildContext(target), ArchiveLimits.Default, Cancellation);
        return target;
    }

    private string NewDirectory() => Directory.CreateDirectory(_folder.Combine($"{++_directories}")).FullName;

    private static string[] Names(string directory) =>
        [.. Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(directory, path)).Order(StringComparer.Ordinal)];
}
