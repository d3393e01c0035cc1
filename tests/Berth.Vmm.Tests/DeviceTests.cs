using Berth.Testing;

namespace Berth.Vmm.Tests;

/// <summary>The devices under the drivers of Debian's kernel.</summary>
public sealed class DeviceTests
{
    private const int Patience = 180_000;

    private static async Task<string> RunAsync(string script)
    {
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", script]);
        CommandResult result = await machine.ToEndAsync();
        string console = await File.ReadAllTextAsync(machine.ConsoleLog, TestMachine.Token);
        Assert.True(result.ExitCode == 0, $"{result.Output}{result.Error}{console}");
        Assert.DoesNotContain("Call Trace", console, StringComparison.Ordinal);
        Assert.DoesNotContain("WARNING", console, StringComparison.Ordinal);
        return result.Output;
    }

    [Fact(Timeout = Patience)]
    public async Task Drivers_OfEveryDevice_AreBoundAndUseMessages()
    {
        string output = await RunAsync("""
            for d in /sys/bus/virtio/devices/*; do basename $(readlink $d/driver); done | sort
            cat /sys/class/virtio-ports/*/name /sys/class/misc/hw_random/rng_current
            ls -d /sys/bus/pci/devices/*/msi_irqs | wc -l
            """);
        Assert.Equal("""
            virtio_balloon
            virtio_blk
            virtio_blk
            virtio_console
            virtio_rng
            berth.agent
            virtio_rng.0
            5

            """, output);
    }

    [Fact(Timeout = Patience)]
    public async Task Disk_WrittenAndReadThroughTheDriver_GivesTheSameBytes()
    {
        string output = await RunAsync("""
            set -e
            dd if=/dev/hwrng of=/root/random bs=4k count=64 2>/dev/null
            for i in $(seq 32); do cat /root/random; done > /root/file
            sha256sum < /root/file
            sync
            echo 3 > /proc/sys/vm/drop_caches
            sha256sum < /root/file
            rm /root/file
            sync
            """);
        string[] sums = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, sums.Length);
        Assert.Equal(sums[0], sums[1]);
    }

    /// <summary>What kernels use when they have nothing newer: interrupt pins, the 8254 as clock event, the APIC's page and counting timer, the PM timer.</summary>
    [Theory(Timeout = Patience)]
    [InlineData("pci=nomsi")]
    [InlineData("nolapic_timer lapic=notscdeadline")]
    [InlineData("nox2apic lapic=notscdeadline clocksource=acpi_pm")]
    public async Task OlderWays_OfTheSameHardware_WorkToo(string commandLine)
    {
        await using TestMachine machine = await TestMachine.StartAsync(["sh", "-c", "sleep 0.1; head -c 4096 /dev/hwrng | wc -c"], c => c with { CommandLine = commandLine });
        CommandResult result = await machine.ToEndAsync();
        Assert.Equal((0, "4096\n"), (result.ExitCode, result.Output));
    }
}
