using Berth.Images;
using Berth.Images.Registry;
using Berth.Registry.Auth;
using Berth.Testing;

namespace Berth.Registry.Tests.Peers;

/// <summary>Our client with our registry and with Debian's docker-registry.</summary>
public sealed class ClientTests : IDisposable
{
    private static readonly RegistryCredentials Ann = new() { Username = "ann", Password = "secret" };

    private readonly LocalStore _local = new();
    private readonly TemporaryDirectory _folder = new();

    public void Dispose()
    {
        _local.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task PushAndPull_GiveBackTheSameImage(bool ours)
    {
        await using (IAsyncDisposable peer = await StartAsync(ours))
        {
            string name = $"{AuthorityOf(peer)}/team/app:1";
            Image image = await _local.MakeAsync(name, bytes: 10 << 20);
            (Digest digest, _) = await _local.PushAsync(name);
            _local.Clear();
            Image pulled = await _local.PullAsync(name);
            Assert.Equal(image.Id, pulled.Id);
            Assert.Equal(digest, pulled.ManifestDigest);
            Assert.Equal(image.Id, (await _local.PullAsync($"{AuthorityOf(peer)}/team/app@{digest}")).Id);
        }
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task Users_AreLetInWithTheirPasswordOnly(bool ours, bool tls)
    {
        HtpasswdFile.Set(_folder.Combine("users"), "ann", "secret");
        await using (IAsyncDisposable peer = await StartAsync(ours, _folder.Combine("users"), tls))
        {
            string name = $"{AuthorityOf(peer)}/app:1";
            Image image = await _local.MakeAsync(name);
            foreach (RegistryCredentials wrong in (RegistryCredentials[])[RegistryCredentials.Anonymous, Ann with { Password = "x" }])
            {
                ImageException refused = await Assert.ThrowsAsync<ImageException>(() => _local.PushAsync(name, wrong));
                Assert.Equal(ImageErrorCode.Unauthorized, refused.Code);
                Assert.Contains($"berth login {AuthorityOf(peer)}", refused.Message, StringComparison.Ordinal);
            }
            await _local.PushAsync(name, Ann);
            _local.Clear();
            Assert.Equal(image.Id, (await _local.PullAsync(name, Ann)).Id);
            await RegistryLogin.CheckAsync(Ann with { ServerAddress = AuthorityOf(peer) }, LocalStore.Config, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Push_ToASecondRepository_MountsTheLayers(bool ours)
    {
        await using (IAsyncDisposable peer = await StartAsync(ours))
        {
            string first = $"{AuthorityOf(peer)}/team/app:1", second = $"{AuthorityOf(peer)}/team/copy:1";
            Image image = await _local.MakeAsync(first);
            await _local.PushAsync(first);
            _local.Store.Tag(first, ImageReference.Parse(second));
            var seen = new List<string>();
            await _local.PushAsync(second, progress: new Recorder(seen));
            Assert.Contains("Mounted from team/app", seen);
            seen.Clear();
            await _local.PushAsync(second, progress: new Recorder(seen));
            Assert.Contains("Layer already exists", seen);
            _local.Clear();
            Assert.Equal(image.Id, (await _local.PullAsync(second)).Id);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task RemoteTags_AreListed(bool ours)
    {
        await using (IAsyncDisposable peer = await StartAsync(ours))
        {
            string name = $"{AuthorityOf(peer)}/team/app";
            await _local.MakeAsync(name + ":a");
            foreach (string tag in (string[])["a", "b"])
            {
                _local.Store.Tag(name + ":a", ImageReference.Parse($"{name}:{tag}"));
                await _local.PushAsync($"{name}:{tag}");
            }
            IReadOnlyList<ImageReference> tags = await _local.Store.RemoteTagsAsync(new PullRequest { Reference = ImageReference.Parse(name) }, LocalStore.Config, TestContext.Current.CancellationToken);
            Assert.Equal(["a", "b"], tags.Select(tag => tag.Tag).Order(StringComparer.Ordinal));
        }
    }

    private async Task<IAsyncDisposable> StartAsync(bool ours, string? htpasswd = null, bool tls = false)
    {
        (string Certificate, string Key)? files = tls ? AccessTests.WriteCertificate(_folder) : null;
        return ours
            ? await TestRegistry.StartAsync(options => options with { Htpasswd = htpasswd, TlsCertificate = files?.Certificate, TlsKey = files?.Key })
            : await DockerRegistry.StartAsync(htpasswd, files);
    }

    private static string AuthorityOf(IAsyncDisposable peer) => peer is TestRegistry ours ? ours.Authority : ((DockerRegistry)peer).Authority;

    private sealed class Recorder(List<string> seen) : IProgress<ImageProgress>
    {
        public void Report(ImageProgress value)
        {
            lock (seen)
            {
                seen.Add(value.Status);
            }
        }
    }
}
