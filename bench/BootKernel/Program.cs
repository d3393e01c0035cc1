// Boots a Linux kernel on the software CPU with the chipset alone and prints its serial console; then how far it came, and how fast. With --lock-step
// everything runs translated and interpreted, and the exit code is 1 if that makes a difference.
using System.Diagnostics;
using Berth.Boot;
using Berth.Boot.Kernels;
using Berth.Boot.Store;
using Berth.Machine;
using Berth.X86;
using BootKernel;

AppDomain.CurrentDomain.UnhandledException += (_, e) =>
{
    if (e.ExceptionObject is not (BootException or ArgumentException)) return;
    Console.Error.WriteLine(((Exception)e.ExceptionObject).Message);
    Environment.Exit(1);
};
Options options = Options.Parse(args);
var say = new Progress<string>(Console.Error.WriteLine);
KernelImage kernel = options.Kernel.Length > 0
    ? KernelImage.Parse(File.ReadAllBytes(options.Kernel))
    : (await KernelStore.Open(Path.Combine(Path.GetTempPath(), "berth-kernels"), TimeProvider.System).GetDefaultAsync(say, CancellationToken.None)).Image;
using var memory = new GuestMemory(options.Megabytes << 20);
Board? board = null;
var watch = Stopwatch.StartNew();
var console = new ConsoleSink(line =>
{
    if (options.Until.Length > 0 && line.Contains(options.Until, StringComparison.Ordinal)) board?.End($"reached \"{options.Until}\"");
});
board = new Board(memory, options, console);
CpuRegisters first = DirectBoot.Load(memory, new()
{
    Kernel = kernel,
    Initrd = options.Initrd.Length > 0 ? File.ReadAllBytes(options.Initrd) : default,
    CommandLine = options.CommandLine,
    Acpi = board.Acpi,
    Smbios = new() { CpuCount = options.Cpus },
});
foreach (IVirtualCpu cpu in board.Cpus)
{
    foreach ((uint index, ulong value) in DirectBoot.ProcessorMsrs) cpu.TryWriteMsr(index, value);
}
board.Cpus[0].SetRegisters(first);
watch.Restart();
TimeSpan before = Process.GetCurrentProcess().TotalProcessorTime;
board.Start();
if (!board.Stopped.Wait(TimeSpan.FromSeconds(options.Seconds))) board.End($"{options.Seconds} seconds are over");
double seconds = watch.Elapsed.TotalSeconds, busy = (Process.GetCurrentProcess().TotalProcessorTime - before).TotalSeconds;
board.Join();
(ulong instructions, long translations) = board.Work;
Console.Error.WriteLine($"\n{board.Ended}: {seconds:F1} s, {busy:F1} s of processor time, {instructions / 1e6:F0} M instructions, {instructions / 1e6 / busy:F0} MIPS, {translations} blocks translated{board.Direct}");
int code = board.Differs ? 1 : 0;
board.Dispose();
return code;
