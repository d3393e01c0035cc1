using System.Diagnostics;

namespace Berth.Images.Bootstrap;

/// <summary>Runs a packaging tool of the host to its end; it is killed when the operation is given up.</summary>
internal static class HostCommand
{
    private static readonly string[] Directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>Runs it and calls <paramref name="line"/> for each line it prints.</summary>
    /// <exception cref="ImageException">It is missing or failed; the message ends with what it said last.</exception>
    public static async Task RunAsync(string program, IReadOnlyList<string> arguments, string directory, Action<string>? line, CancellationToken cancellation)
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
        var last = new Queue<string>();
        void Note(string? text)
        {
            if (string.IsNullOrWhiteSpace(text))
            {
                return;
            }
            lock (last)
            {
                last.Enqueue(text.Trim());
                if (last.Count > 6)
                {
                    last.Dequeue();
                }
                line?.Invoke(text.Trim());
            }
        }
        process.OutputDataReceived += (_, data) => Note(data.Data);
        process.ErrorDataReceived += (_, data) => Note(data.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellation);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
        if (process.ExitCode != 0)
        {
            throw new ImageException(ImageErrorCode.System, $"{program} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}: {string.Join("; ", last)}");
        }
    }

    /// <summary>Whether a program is in one of the host's usual directories.</summary>
    public static string? Find(string program) =>
        Directories.Select(directory => System.IO.Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new ImageException(ImageErrorCode.System, $"{start.FileName} did not start");
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new ImageException(ImageErrorCode.System, $"{start.FileName} is needed and could not be run: {e.Message}", e);
        }
    }
}
