namespace Berth.Engine.Volumes;

/// <summary>Local volumes: directories that outlive instances.</summary>
public sealed class VolumeService
{
    /// <summary>Makes a volume, or gives the one of that name.</summary>
    public VolumeView Create(VolumeCreateRequest request) => throw new NotImplementedException();

    /// <summary>Volumes (filters: name, label, driver, dangling).</summary>
    public VolumeList List(FilterSet filters) => throw new NotImplementedException();

    /// <summary>One volume; NotFound.</summary>
    public VolumeView Inspect(string name) => throw new NotImplementedException();

    /// <summary>Removes a volume; Conflict when an instance uses it; with <paramref name="force"/> a missing one is no error.</summary>
    public void Remove(string name, bool force) => throw new NotImplementedException();

    /// <summary>Removes unused anonymous volumes, with filter <c>all=true</c> named ones too.</summary>
    public VolumePruneResult Prune(FilterSet filters) => throw new NotImplementedException();
}
