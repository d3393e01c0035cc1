using System.Net;
using System.Runtime.ExceptionServices;
using Berth.Linux.Routing;
using Berth.Testing;
using static Berth.Linux.Libc;

namespace Berth.Linux.Tests;

/// <summary>Interfaces, addresses and routes in network namespaces of the test's own.</summary>
public sealed class RouteSocketTests
{
    private static readonly byte[] Mac = [2, 0, 0, 0, 0, 1];

    [Fact]
    public void Bridge_WithAddresses_IsListedRoutedAndRemoved() => Apart(() =>
    {
        using var socket = RouteSocket.Open();
        socket.AddBridge("br0", 1400, Mac);
        int index = socket.Find("br0");
        Assert.True(index > 0);
        Assert.Equal(Errno.EEXIST, Assert.Throws<LinuxException>(() => socket.AddBridge("br0", 1500, Mac)).Errno);
        socket.SetUp(index);
        socket.AddAddress(index, IPAddress.Parse("10.1.2.1"), 24);
        socket.AddAddress(index, IPAddress.Parse("fd01::1"), 64);
        Assert.Contains(IPNetwork.Parse("10.1.2.0/24"), socket.Destinations());
        Assert.Contains(IPNetwork.Parse("fd01::/64"), socket.Destinations());
        Assert.Contains("br0", socket.Interfaces());
        Assert.True(socket.Remove("br0"));
        Assert.False(socket.Remove("br0"));
        Assert.Equal(0, socket.Find("br0"));
    });

    [Fact]
    public void Veth_PeerStandsInTheOtherNamespace_AndASocketStaysWhereItWasOpened() => Apart(() =>
    {
        using var here = RouteSocket.Open();
        here.AddBridge("br0", 1500, Mac);
        Unshare(CLONE_NEWNET);
        using var there = RouteSocket.Open();
        using FileDescriptor inner = Open("/proc/thread-self/ns/net", O_RDONLY);
        here.AddVeth("outer", here.Find("br0"), 1400, "eth0", [2, 0, 0, 0, 0, 7], inner);
        Assert.Equal((0, 0), (there.Find("outer"), here.Find("eth0")));
        int index = there.Find("eth0");
        there.DisableAutomaticAddresses(index);
        there.SetUp(index);
        there.AddAddress(index, IPAddress.Parse("10.1.2.2"), 24);
        there.AddDefaultRoute(index, IPAddress.Parse("10.1.2.1"));
        Assert.Contains("eth0", File.ReadAllText("/proc/thread-self/net/dev"), StringComparison.Ordinal);
        Assert.True(here.Remove("outer"));
        Assert.Equal(0, there.Find("eth0"));
    });

    [Fact]
    public void Tap_LivesAsLongAsItsDescriptor() => Apart(() =>
    {
        if (!File.Exists("/dev/net/tun")) Assert.Skip("needs /dev/net/tun");
        using var socket = RouteSocket.Open();
        socket.AddBridge("br0", 1500, Mac);
        using (FileDescriptor tap = OpenTap("tap7"))
        {
            int index = socket.Find("tap7");
            socket.SetBridge(index, socket.Find("br0"), 1400);
            socket.SetUp(index);
            Assert.Equal(Errno.EBUSY, Assert.Throws<LinuxException>(() => OpenTap("tap7")).Errno);
        }
        Assert.Equal(0, socket.Find("tap7"));
    });

    // On a thread that ends in its own namespaces.
    private static void Apart(Action test)
    {
        Requires.Root();
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Unshare(CLONE_NEWNET);
                test();
            }
            catch (Exception e)
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
    }
}
