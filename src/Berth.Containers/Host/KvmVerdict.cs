using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Berth.Containers.Host;

/// <summary>Whether KVM runs kernels here, as the probe of <c>berth-vmm</c> has found. It holds until the host is booted again.</summary>
/// <param name="Usable">Virtual machines can run on it.</param>
/// <param name="Reason">What was seen, for people.</param>
/// <param name="BootId">The boot it was found in.</param>
public sealed record KvmVerdict(bool Usable, string Reason, string BootId)
{
    private const string Device = "/dev/kvm", BootIdFile = "/proc/sys/kernel/random/boot_id";

    // The guest has a second; the program needs some time to start on a busy host. One that does not come back is stuck in the kernel.
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <summary>The verdict that is kept below <paramref name="dataRoot"/>, or a new one by the program in <paramref name="installDirectory"/>, which is kept
    /// only if <paramref name="keep"/>.</summary>
    public static KvmVerdict Get(string dataRoot, string installDirectory, bool keep)
    {
        string bootId = new HostFiles().Read(BootIdFile), file = Path.Combine(dataRoot, "kvm-verdict.json");
        if (!File.Exists(Device)) return new(false, $"{Device} does not exist", bootId);
        if (Read(file) is { } kept && kept.BootId == bootId) return kept;
        KvmVerdict found = Probe(Path.Combine(installDirectory, "berth-vmm"), bootId);
        if (keep) Write(file, found);
        return found;
    }

    private static KvmVerdict? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(file), HostReportJson.Default.KvmVerdict);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    // Whole or not at all. That it cannot be kept costs a second at the next start, no more.
    private static void Write(string file, KvmVerdict verdict)
    {
        string half = $"{file}.{Environment.ProcessId}";
        try
        {
            File.WriteAllBytes(half, JsonSerializer.SerializeToUtf8Bytes(verdict, HostReportJson.Default.KvmVerdict));
            File.Move(half, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(half);
        }
    }

    internal static KvmVerdict Probe(string program, string bootId)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, ["probe-kvm"]) { RedirectStandardOutput = true, RedirectStandardError = true })
                ?? throw new Win32Exception();
            Task<string> output = process.StandardOutput.ReadToEndAsync();
            if (!process.WaitForExit(s_patience))
            {
                process.Kill();
                return new(false, $"the probe of {Device} did not end within {s_patience.TotalSeconds:0} s", bootId);
            }
            string reason = output.GetAwaiter().GetResult().Trim();
            return new(process.ExitCode == 0, reason.Length > 0 ? reason : $"the probe of {Device} ended with code {process.ExitCode}", bootId);
        }
        catch (Win32Exception e)
        {
            return new(false, $"{program} cannot be run: {e.Message}", bootId);
        }
    }
}
