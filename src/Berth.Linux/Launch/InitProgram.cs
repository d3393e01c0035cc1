namespace Berth.Linux.Launch;

/// <summary>
/// A process 1 for containers whose program does not do its duties: it starts the program in a process group of its own (in the
/// foreground of the terminal, if there is one), passes every signal on to it, reaps all orphans and ends as the program ends. Called
/// as <c>init PATH ARG0 ARG1 …</c>. It is a static ELF file of about 400 bytes, made here.
/// </summary>
public static class InitProgram
{
    /// <summary>The whole file.</summary>
    public static byte[] Image { get; } = ElfFile.Build(Code, [], 0);

    // Every signal is blocked and taken by rt_sigtimedwait: blocked signals reach even process 1, which has no handlers.
    private static ReadOnlySpan<byte> Code =>
    [
        0x48, 0x89, 0xE3, //                                    _start: mov rbx,rsp                argc, argv and environment
        0x48, 0x81, 0xEC, 0x00, 0x01, 0x00, 0x00, //                    sub rsp,0x100
        0xB8, 0x9D, 0x00, 0x00, 0x00, //                                mov eax,0x9d               prctl(PR_SET_CHILD_SUBREAPER, 1)
        0xBF, 0x24, 0x00, 0x00, 0x00, //                                mov edi,0x24
        0xBE, 0x01, 0x00, 0x00, 0x00, //                                mov esi,0x1
        0x0F, 0x05, //                                                  syscall
        0x48, 0xC7, 0x04, 0x24, 0xFF, 0xFF, 0xFF, 0xFF, //              mov [rsp],0xffffffffffffffff
        0xB8, 0x0E, 0x00, 0x00, 0x00, //                                mov eax,0xe                rt_sigprocmask
        0x31, 0xFF, //                                                  xor edi,edi
        0x48, 0x89, 0xE6, //                                            mov rsi,rsp
        0x31, 0xD2, //                                                  xor edx,edx
        0x41, 0xBA, 0x08, 0x00, 0x00, 0x00, //                          mov r10d,0x8
        0x0F, 0x05, //                                                  syscall
        0xB8, 0x39, 0x00, 0x00, 0x00, //                                mov eax,0x39               fork
        0x0F, 0x05, //                                                  syscall
        0x85, 0xC0, //                                                  test eax,eax
        0x0F, 0x84, 0x82, 0x00, 0x00, 0x00, //                          je child
        0x0F, 0x88, 0xEF, 0x00, 0x00, 0x00, //                          js failed
        0x41, 0x89, 0xC4, //                                            mov r12d,eax
        0xB8, 0x80, 0x00, 0x00, 0x00, //                          wait: mov eax,0x80               rt_sigtimedwait
        0x48, 0x89, 0xE7, //                                            mov rdi,rsp
        0x48, 0x8D, 0x74, 0x24, 0x10, //                                lea rsi,[rsp+0x10]
        0x31, 0xD2, //                                                  xor edx,edx
        0x41, 0xBA, 0x08, 0x00, 0x00, 0x00, //                          mov r10d,0x8
        0x0F, 0x05, //                                                  syscall
        0x85, 0xC0, //                                                  test eax,eax
        0x7E, 0xE5, //                                                  jle wait
        0x83, 0xF8, 0x11, //                                            cmp eax,0x11
        0x74, 0x0E, //                                                  je reap
        0x89, 0xC6, //                                                  mov esi,eax
        0x44, 0x89, 0xE7, //                                            mov edi,r12d
        0xB8, 0x3E, 0x00, 0x00, 0x00, //                                mov eax,0x3e               kill: pass the signal on
        0x0F, 0x05, //                                                  syscall
        0xEB, 0xD2, //                                                  jmp wait
        0xB8, 0x3D, 0x00, 0x00, 0x00, //                          reap: mov eax,0x3d               wait4(-1, &status, WNOHANG)
        0xBF, 0xFF, 0xFF, 0xFF, 0xFF, //                                mov edi,0xffffffff
        0x48, 0x8D, 0xB4, 0x24, 0xA0, 0x00, 0x00, 0x00, //              lea rsi,[rsp+0xa0]
        0xBA, 0x01, 0x00, 0x00, 0x00, //                                mov edx,0x1
        0x45, 0x31, 0xD2, //                                            xor r10d,r10d
        0x0F, 0x05, //                                                  syscall
        0x85, 0xC0, //                                                  test eax,eax
        0x7E, 0xB2, //                                                  jle wait
        0x44, 0x39, 0xE0, //                                            cmp eax,r12d
        0x75, 0xDB, //                                                  jne reap
        0x8B, 0xBC, 0x24, 0xA0, 0x00, 0x00, 0x00, //                    mov edi,[rsp+0xa0]
        0x89, 0xF8, //                                                  mov eax,edi
        0x83, 0xE0, 0x7F, //                                            and eax,0x7f
        0x74, 0x08, //                                                  je exited
        0x8D, 0xB8, 0x80, 0x00, 0x00, 0x00, //                          lea edi,[rax+0x80]         ended by a signal: 128 + its number
        0xEB, 0x09, //                                                  jmp exit
        0xC1, 0xEF, 0x08, //                                    exited: shr edi,0x8
        0x81, 0xE7, 0xFF, 0x00, 0x00, 0x00, //                          and edi,0xff
        0xB8, 0xE7, 0x00, 0x00, 0x00, //                          exit: mov eax,0xe7               exit_group
        0x0F, 0x05, //                                                  syscall
        0xB8, 0x6D, 0x00, 0x00, 0x00, //                         child: mov eax,0x6d               setpgid(0, 0)
        0x31, 0xFF, //                                                  xor edi,edi
        0x31, 0xF6, //                                                  xor esi,esi
        0x0F, 0x05, //                                                  syscall
        0xB8, 0x27, 0x00, 0x00, 0x00, //                                mov eax,0x27               getpid
        0x0F, 0x05, //                                                  syscall
        0x89, 0x84, 0x24, 0xA0, 0x00, 0x00, 0x00, //                    mov [rsp+0xa0],eax
        0xB8, 0x10, 0x00, 0x00, 0x00, //                                mov eax,0x10               ioctl(0, TIOCSPGRP): fails without a terminal
        0x31, 0xFF, //                                                  xor edi,edi
        0xBE, 0x10, 0x54, 0x00, 0x00, //                                mov esi,0x5410
        0x48, 0x8D, 0x94, 0x24, 0xA0, 0x00, 0x00, 0x00, //              lea rdx,[rsp+0xa0]
        0x0F, 0x05, //                                                  syscall
        0x48, 0xC7, 0x04, 0x24, 0x00, 0x00, 0x00, 0x00, //              mov [rsp],0x0
        0xB8, 0x0E, 0x00, 0x00, 0x00, //                                mov eax,0xe                rt_sigprocmask
        0xBF, 0x02, 0x00, 0x00, 0x00, //                                mov edi,0x2
        0x48, 0x89, 0xE6, //                                            mov rsi,rsp
        0x31, 0xD2, //                                                  xor edx,edx
        0x41, 0xBA, 0x08, 0x00, 0x00, 0x00, //                          mov r10d,0x8
        0x0F, 0x05, //                                                  syscall
        0x48, 0x8B, 0x0B, //                                            mov rcx,[rbx]
        0x48, 0x8B, 0x7B, 0x10, //                                      mov rdi,[rbx+0x10]
        0x48, 0x8D, 0x73, 0x18, //                                      lea rsi,[rbx+0x18]
        0x48, 0x8D, 0x54, 0xCB, 0x10, //                                lea rdx,[rbx+rcx*8+0x10]
        0xB8, 0x3B, 0x00, 0x00, 0x00, //                                mov eax,0x3b               execve(argv[1], argv + 2, environment)
        0x0F, 0x05, //                                                  syscall
        0xBF, 0x7F, 0x00, 0x00, 0x00, //                                mov edi,0x7f               ENOENT: 127, else 126
        0x83, 0xF8, 0xFE, //                                            cmp eax,0xfffffffe
        0x74, 0x8A, //                                                  je exit
        0xFF, 0xCF, //                                                  dec edi
        0xEB, 0x86, //                                                  jmp exit
        0xBF, 0x7D, 0x00, 0x00, 0x00, //                        failed: mov edi,0x7d
        0xE9, 0x7C, 0xFF, 0xFF, 0xFF, //                                jmp exit
    ];
}
