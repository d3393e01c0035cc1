using Berth.Daemon.Hosting;
using Berth.Testing;

namespace Berth.Daemon.Tests.Hosting;

/// <summary>One daemon per run root.</summary>
public sealed class DaemonLockTests
{
    [Fact]
    public void Take_Twice_RefusesAndNamesTheHolder()
    {
        using var root = new TemporaryDirectory();
        using (DaemonLock.Take(root.Path))
        {
            InvalidOperationException refused = Assert.Throws<InvalidOperationException>(() => DaemonLock.Take(root.Path));
            Assert.Contains(Environment.ProcessId.ToString(), refused.Message);
            Assert.Equal(Environment.ProcessId, int.Parse(File.ReadAllText(root.Combine("berthd.pid"))));
        }
        DaemonLock.Take(root.Path).Dispose();
        Assert.False(File.Exists(root.Combine("berthd.pid")));
    }
}
