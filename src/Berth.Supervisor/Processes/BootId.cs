namespace Berth.Supervisor.Processes;

/// <summary>Tells one run of the machine from another; see random(4).</summary>
internal static class BootId
{
    public static string Current { get; } = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();
}
