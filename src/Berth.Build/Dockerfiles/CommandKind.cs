namespace Berth.Build.Dockerfiles;

/// <summary>What a command is for.</summary>
public enum CommandKind
{
    /// <summary>CMD.</summary>
    Command,

    /// <summary>ENTRYPOINT.</summary>
    Entrypoint,

    /// <summary>SHELL; always in the exec form.</summary>
    Shell,
}
