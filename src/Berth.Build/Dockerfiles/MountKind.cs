namespace Berth.Build.Dockerfiles;

/// <summary>Kinds of <c>RUN --mount</c>.</summary>
public enum MountKind
{
    /// <summary>Files of the context, a stage or an image.</summary>
    Bind,

    /// <summary>A directory that is kept between builds.</summary>
    Cache,

    /// <summary>Memory.</summary>
    Tmpfs,

    /// <summary>A file that is in no layer.</summary>
    Secret,
}
