using System.Diagnostics;
using Berth.Cpu.Direct;

namespace Berth.Cpu.Tests.Direct;

public sealed class DirectPolicyTests
{
    private static readonly long s_millisecond = Stopwatch.Frequency / 1000;

    private static void Interrupt(DirectPolicy policy, int entries)
    {
        for (int i = 0; i < entries; i++) policy.Entered();
        policy.Interrupted();
    }

    private static void Stay(DirectPolicy policy, long ticks, long inside)
    {
        for (int i = 0; i < 16; i++) policy.Stayed(ticks, inside, runs: 1);
    }

    [Fact]
    public void CodeThatCallsTheKernelSeldom_IsHot()
    {
        DirectPolicy policy = new();
        Interrupt(policy, entries: 100);
        Assert.False(policy.IsHot);
        Interrupt(policy, entries: 2);
        Assert.True(policy.IsHot);
    }

    [Fact]
    public void StaysThatPay_KeepItHot()
    {
        DirectPolicy policy = new();
        Interrupt(policy, 1);
        Stay(policy, 4 * s_millisecond, (4 * s_millisecond) - (s_millisecond / 10));
        Assert.True(policy.IsHot);
    }

    [Fact]
    public void StaysThatDoNotPay_CoolIt_EachTimeForLonger()
    {
        DirectPolicy policy = new();
        Interrupt(policy, 1);
        int last = 0;
        for (int round = 0; round < 4; round++)
        {
            Stay(policy, s_millisecond / 20, s_millisecond / 50);
            Assert.False(policy.IsHot);
            int pause = 0;
            for (; !policy.IsHot; pause++) Interrupt(policy, 1);
            Assert.True(pause > last);
            last = pause;
        }
        Stay(policy, 4 * s_millisecond, (4 * s_millisecond) - (s_millisecond / 10));
        Stay(policy, s_millisecond / 20, s_millisecond / 50);
        for (int i = 0; i < 3; i++) Interrupt(policy, 1);
        Assert.True(policy.IsHot);
    }
}
