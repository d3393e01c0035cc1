namespace Berth.Cli.Commands;

/// <summary>What a prune verb removes.</summary>
internal enum PruneTarget
{
    Containers,
    Images,
    Volumes,
    Networks,
    Builds,
}
