namespace Berth.Cli.Containers;

/// <summary>The exit code of a container that could not be started is in the words of the refusal, as with docker.</summary>
internal static class StartFailure
{
    /// <summary>127: no such command; 126: it cannot be run; 125: anything else.</summary>
    public static int ExitCode(string message)
    {
        if (Contains("executable file not found") || Contains("no such file or directory") || Contains("command not found"))
        {
            return 127;
        }
        return Contains("permission denied") || Contains("is a directory") || Contains("exec format error") || Contains("not executable") ? 126 : 125;

        bool Contains(string words) => message.Contains(words, StringComparison.OrdinalIgnoreCase);
    }
}
