using System.Text;
using Berth.Daemon.Http;

namespace Berth.Daemon.Tests.Http;

public sealed class BuildSecretsTests
{
    private readonly Clock _clock = new();

    private static Dictionary<string, byte[]> Secret => new() { ["a"] = Encoding.UTF8.GetBytes("b") };

    [Fact]
    public void Take_Once()
    {
        var secrets = new BuildSecrets(_clock);
        string token = secrets.Keep(Secret);
        Assert.Equal("b", Encoding.UTF8.GetString(secrets.Take(token)["a"]));
        Assert.Throws<ApiException>(() => secrets.Take(token));
        Assert.Throws<ApiException>(() => secrets.Take("guessed"));
    }

    [Fact]
    public void Take_Late_IsRefusedAndRoomIsMade()
    {
        var secrets = new BuildSecrets(_clock);
        string[] tokens = [.. Enumerable.Range(0, 64).Select(_ => secrets.Keep(Secret))];
        Assert.Equal(503, Assert.Throws<ApiException>(() => secrets.Keep(Secret)).Status);
        _clock.Now += TimeSpan.FromHours(1);
        Assert.Throws<ApiException>(() => secrets.Take(tokens[0]));
        Assert.NotEmpty(secrets.Keep(Secret));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
