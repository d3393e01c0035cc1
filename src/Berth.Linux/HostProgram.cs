using System.ComponentModel;
using System.Diagnostics;

namespace Berth.Linux;

/// <summary>Runs programs that packages of the host bring, such as apt-get and mkfs.ext4, to their end.</summary>
public static class HostProgram
{
    private const int LinesKept = 6;
    private static readonly string[] s_directories = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];

    /// <summary>Path of a program in one of the host's usual directories, or null.</summary>
    public static string? Find(string program) => s_directories.Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    /// <summary>Runs a program without input, as a child of the calling thread: it sees that thread's mounts. It is killed, with its children, when the
    /// operation is given up.</summary>
    /// <param name="program">Path or name.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="directory">Its working directory; empty: the caller's.</param>
    /// <param name="line">Receives each line that is not blank, of both streams, one at a time.</param>
    /// <param name="environment">Variables beside the caller's own.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="HostProgramException">It could not be run, or failed.</exception>
    public static async Task RunAsync(string program, IReadOnlyList<string> arguments, string directory, Action<string>? line = null,
        IReadOnlyDictionary<string, string>? environment = null, CancellationToken cancellationToken = default)
    {
        ProcessStartInfo start = new(program, arguments) { WorkingDirectory = directory, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach ((string name, string value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        using Process process = Start(start);
        process.StandardInput.Close();
        Queue<string> last = new();
        void Note(string? text)
        {
            if (string.IsNullOrWhiteSpace(text)) return;
            lock (last)
            {
                last.Enqueue(text.Trim());
                if (last.Count > LinesKept) last.Dequeue();
                line?.Invoke(text);
            }
        }
        process.OutputDataReceived += (_, data) => Note(data.Data);
        process.ErrorDataReceived += (_, data) => Note(data.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            }
        }
        if (process.ExitCode != 0)
            throw new HostProgramException($"{program} {string.Join(' ', arguments)} failed with exit code {process.ExitCode}: {string.Join("; ", last)}");
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start) ?? throw new HostProgramException($"{start.FileName} did not start");
        }
        catch (Win32Exception e)
        {
            throw new HostProgramException($"{start.FileName} is needed and could not be run: {e.Message}", e);
        }
    }
}
