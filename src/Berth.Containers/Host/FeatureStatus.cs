namespace Berth.Containers.Host;

/// <summary>How far a host offers something.</summary>
public enum FeatureStatus
{
    /// <summary>It is there.</summary>
    Available,

    /// <summary>It is there with restrictions, told in the reason.</summary>
    Limited,

    /// <summary>It is not there.</summary>
    Missing,
}
