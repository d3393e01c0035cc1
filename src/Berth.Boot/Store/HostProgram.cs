using System.ComponentModel;
using System.Diagnostics;

namespace Berth.Boot.Store;

/// <summary>Runs a packaging tool of the host to its end; it is killed when the operation is given up.</summary>
internal static class HostProgram
{
    /// <summary>Runs it and gives what it wrote on stdout.</summary>
    /// <exception cref="BootException">It is missing or failed.</exception>
    public static async Task<string> RunAsync(string program, IReadOnlyList<string> arguments, string directory, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        start.Environment["LC_ALL"] = "C.UTF-8";
        using Process process = Start(start);
        process.StandardInput.Close();
        Task<string> output = process.StandardOutput.ReadToEndAsync(cancellation), errors = process.StandardError.ReadToEndAsync(cancellation);
        try
        {
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode == 0) return await output;
            string[] last = (await errors).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            throw new BootException(BootErrorCode.Host, $"{program} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}: {string.Join("; ", last.TakeLast(4))}");
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new BootException(BootErrorCode.Host, $"{start.FileName} did not start");
        }
        catch (Win32Exception e)
        {
            throw new BootException(BootErrorCode.Host, $"{start.FileName} is needed to fetch a kernel and could not be run: {e.Message}");
        }
    }
}
