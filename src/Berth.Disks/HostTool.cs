using System.ComponentModel;
using System.Diagnostics;

namespace Berth.Disks;

/// <summary>Runs a maker of file systems to its end, on the calling thread: it sees that thread's mounts.</summary>
internal static class HostTool
{
    private static readonly string[] Directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    /// <exception cref="DiskException">It is missing or failed; the message ends with what it said.</exception>
    public static void Run(string program, string package, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        string path = Directories.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists)
            ?? throw new DiskException(DiskErrorCode.ToolFailed, $"{program} is needed for virtual machines: install the package {package}");
        var start = new ProcessStartInfo(path, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["LC_ALL"] = "C";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }
        try
        {
            using Process process = Process.Start(start)!;
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
            process.WaitForExit();
            string said = (error.GetAwaiter().GetResult() + output.GetAwaiter().GetResult()).Trim();
            if (process.ExitCode != 0)
            {
                bool full = said.Contains("No space left", StringComparison.Ordinal);
                string end = said[Math.Max(0, said.Length - 500)..].ReplaceLineEndings("; ");
                throw new DiskException(full ? DiskErrorCode.NoSpace : DiskErrorCode.ToolFailed, $"{program} failed with exit code {process.ExitCode}: {end}");
            }
        }
        catch (Win32Exception e)
        {
            throw new DiskException(DiskErrorCode.ToolFailed, $"{program} could not be run: {e.Message}", e);
        }
    }
}
