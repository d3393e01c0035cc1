using System.Runtime.InteropServices;
using Berth.Registry.Auth;
using Berth.Registry.Hosting;
using Berth.Registry.Store;

if (args is ["--help" or "-h"])
{
    Console.WriteLine(RegistryOptions.Usage);
    return 0;
}
try
{
    RegistryOptions options = RegistryOptions.Parse(args);
    switch (options.Verb)
    {
        case "serve":
            await ServeAsync(options);
            break;
        case "gc":
            Console.WriteLine(await CollectAsync(options));
            break;
        default:
            HtpasswdFile.Set(options.Directory, options.User, Console.In.ReadLine() ?? "");
            break;
    }
    return 0;
}
catch (Exception e) when (e is FormatException or IOException or UnauthorizedAccessException or System.Security.Cryptography.CryptographicException or System.Net.Sockets.SocketException)
{
    Console.Error.WriteLine($"berth-registry: {e.Message}");
    return 1;
}

static async Task ServeAsync(RegistryOptions options)
{
    var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    using PosixSignalRegistration terminate = Stop(PosixSignal.SIGTERM), interrupt = Stop(PosixSignal.SIGINT);
    using var log = new StderrLog();
    await using RegistryHost host = await RegistryHost.StartAsync(options, log, TimeProvider.System, default);
    if (options.TlsCertificate is null && !System.Net.IPAddress.IsLoopback(options.Listen.Address))
    {
        Console.Error.WriteLine("berth-registry: warning: without TLS, everybody on the network can read and change what goes over it");
    }
    Console.WriteLine($"serving {Path.GetFullPath(options.Directory)} on {host.Address.GetLeftPart(UriPartial.Authority)}");
    await stop.Task;

    PosixSignalRegistration Stop(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        stop.TrySetResult();
    });
}

// By the server when one runs: only it knows which uploads are on their way.
static async Task<string> CollectAsync(RegistryOptions options)
{
    if (!Directory.Exists(Path.Combine(options.Directory, "repositories")))
    {
        throw new IOException($"{options.Directory} is no registry's directory");
    }
    if (await ControlEndpoint.AskAsync(new RegistryPaths(options.Directory).Control, options.DeleteUntagged, options.Keep, default) is { } result)
    {
        return result;
    }
    using var store = new RegistryStore(options.Directory, TimeProvider.System);
    return new GarbageCollection(store, new UploadStore(store, options.MaxUploads, options.MaxBlobBytes)) { Keep = options.Keep, DeleteUntagged = options.DeleteUntagged }.Run().ToString();
}
