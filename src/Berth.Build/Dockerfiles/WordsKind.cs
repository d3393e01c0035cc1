namespace Berth.Build.Dockerfiles;

/// <summary>Instructions that take words alone.</summary>
public enum WordsKind
{
    /// <summary>EXPOSE.</summary>
    Expose,

    /// <summary>VOLUME.</summary>
    Volume,

    /// <summary>USER; one text.</summary>
    User,

    /// <summary>WORKDIR; one text.</summary>
    WorkDirectory,

    /// <summary>STOPSIGNAL; one text.</summary>
    StopSignal,

    /// <summary>MAINTAINER; one text.</summary>
    Maintainer,
}
