using Berth.Boot;
using Berth.Disks;
using Berth.Guest.Initrd;
using Berth.Linux;

namespace Berth.Engine.Machines;

/// <summary>Errors of kernels, disks and initial RAM disks → the engine's.</summary>
internal static class MachineErrors
{
    public static async Task<T> TranslatedAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (BootException e)
        {
            throw new EngineException(KindOf(e.Code), e.Message, e);
        }
        catch (DiskException e)
        {
            throw new EngineException(e.Code == DiskErrorCode.NoSpace ? EngineErrorKind.NoSpace : EngineErrorKind.System, WithFix(e), e);
        }
        catch (InitrdException e)
        {
            throw new EngineException(EngineErrorKind.System, e.Message, e);
        }
        catch (IOException e)
        {
            bool full = e is LinuxException { Errno: Errno.ENOSPC or Errno.EDQUOT } || (Errno)e.HResult is Errno.ENOSPC or Errno.EDQUOT;
            throw new EngineException(full ? EngineErrorKind.NoSpace : EngineErrorKind.System, e.Message, e);
        }
    }

    private static string WithFix(DiskException e) =>
        e.Code == DiskErrorCode.ToolFailed && e.Message.Contains("install the package", StringComparison.Ordinal) ? $"{e.Message}, or run scripts/install-runtime vm" : e.Message;

    private static EngineErrorKind KindOf(BootErrorCode code) => code switch
    {
        BootErrorCode.NotFound => EngineErrorKind.NotFound,
        BootErrorCode.Host or BootErrorCode.Corrupt => EngineErrorKind.System,
        _ => EngineErrorKind.InvalidParameter,
    };
}
