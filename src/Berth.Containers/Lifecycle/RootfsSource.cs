namespace Berth.Containers.Lifecycle;

/// <summary>What becomes <c>/</c> in a container.</summary>
public abstract record RootfsSource;
