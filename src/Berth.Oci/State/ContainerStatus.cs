namespace Berth.Oci.State;

/// <summary>[OCI-RT] runtime.md, State; paused as other runtimes have it.</summary>
internal enum ContainerStatus
{
    Creating,
    Created,
    Running,
    Paused,
    Stopped,
}
