namespace Berth.Cli.CommandLine;

/// <summary>What the shell may complete a word with.</summary>
internal enum CompletionSource
{
    /// <summary>Nothing known: the shell's own file names.</summary>
    Files,
    Nothing,
    Containers,
    RunningContainers,
    StoppedContainers,
    Images,
    Volumes,
    Kernels,
    Runtimes,
    ContainersAndImages,
    Networks,
    RestartPolicies,
    Signals,
    Capabilities,
    Shells,
    ComposeServices,
}
