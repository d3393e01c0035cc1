using System.Globalization;
using Berth.Cpu.Tests.Guests;
using Berth.Kvm.Tests.Guests;
using Berth.Linux;
using Iced.Intel;

namespace Berth.Kvm.Tests;

/// <summary>A processor that never leaves its guest still belongs to the host.</summary>
public sealed class ControlTests
{
    private const string Hierarchy = "/sys/fs/cgroup/cpu";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void LoopThatNeverExits_IsHeldByItsCgroupAndEndsWhenAsked()
    {
        if (!File.Exists(Path.Combine(Hierarchy, "tasks"))) Assert.Skip("Needs the cpu controller on cgroup v1: on v2 a single thread cannot be limited");
        using var guest = new Guest(KvmEngine.Instance);
        guest.Assemble(a =>
        {
            Label top = a.CreateLabel();
            a.Label(ref top);
            a.jmp(top);
        });
        string group = Path.Combine(Hierarchy, $"berth-kvm-test-{Guid.NewGuid():n}");
        Directory.CreateDirectory(group);
        try
        {
            File.WriteAllText(Path.Combine(group, "cpu.cfs_period_us"), "20000");
            File.WriteAllText(Path.Combine(group, "cpu.cfs_quota_us"), "4000");
            var thread = new Thread(() =>
            {
                File.WriteAllText(Path.Combine(group, "tasks"), Libc.ThreadId.ToString(CultureInfo.InvariantCulture));
                guest.Cpu.Run();
            });
            thread.Start();
            // Each period it is stopped anew, in the middle of the guest.
            Assert.True(SpinWait.SpinUntil(() => Throttled(group) >= 5, s_patience), "the loop was not held back");
            guest.Cpu.Kick();
            Assert.True(thread.Join(s_patience), "the loop did not end");
        }
        finally
        {
            foreach (string tid in File.ReadAllLines(Path.Combine(group, "tasks"))) TryMoveBack(tid);
            Directory.Delete(group);
        }
    }

    private static int Throttled(string group) =>
        int.Parse(File.ReadAllLines(Path.Combine(group, "cpu.stat")).First(line => line.StartsWith("nr_throttled ", StringComparison.Ordinal)).Split(' ')[1], CultureInfo.InvariantCulture);

    private static void TryMoveBack(string tid)
    {
        try
        {
            File.WriteAllText(Path.Combine(Hierarchy, "tasks"), tid);
        }
        catch (IOException)
        {
            // It has ended.
        }
    }
}
