namespace Berth.Containers.Supervision;

/// <summary>Which process's descriptor of which kind.</summary>
internal readonly record struct KeptDescriptorName(string Id, string? ExecId, KeptDescriptorKind Kind);
