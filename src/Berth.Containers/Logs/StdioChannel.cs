namespace Berth.Containers.Logs;

/// <summary>A standard stream, numbered as docker's frames number them.</summary>
public enum StdioChannel : byte
{
    /// <summary>Standard input; never recorded.</summary>
    Stdin = 0,

    /// <summary>Standard output, and all of a terminal's output.</summary>
    Stdout = 1,

    /// <summary>Standard error.</summary>
    Stderr = 2,
}
