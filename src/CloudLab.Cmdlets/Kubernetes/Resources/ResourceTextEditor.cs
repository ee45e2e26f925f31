using System.ComponentModel;
using System.Diagnostics;
using CloudLab.Core.Common.Errors;

namespace CloudLab.Cmdlets.Kubernetes.Resources;

/// <summary>The editor of the person at the terminal.</summary>
internal sealed class ResourceTextEditor
{
    private const string FileName = "object.yaml", FolderPrefix = "cloudlab-edit-";

    private readonly string command;

    private ResourceTextEditor(string command) => this.command = command;

    /// <summary>Finds the editor as kubectl edit does: KUBE_EDITOR, then EDITOR, then vi, or notepad on Windows.</summary>
    /// <param name="asked">The editor of the command line; null if none.</param>
    /// <returns>The editor. Throws <see cref="LabException"/> (<c>EditorMissing</c>) where nobody is at the terminal.</returns>
    public static ResourceTextEditor Find(string? asked)
    {
        // Who names one for this very purpose may have a script that needs no terminal.
        if ((asked ?? Environment.GetEnvironmentVariable("KUBE_EDITOR")) is { Length: > 0 } own)
        {
            return new ResourceTextEditor(own);
        }

        if (Console.IsInputRedirected || Console.IsOutputRedirected)
        {
            throw new LabException(
                LabErrorKind.InvalidArgument, "EditorMissing",
                "An editor needs a terminal: give what is to be changed with -Script or -Patch, or a command that edits a file with -Editor.");
        }

        return new ResourceTextEditor(Environment.GetEnvironmentVariable("EDITOR") is { Length: > 0 } editor ? editor : OperatingSystem.IsWindows() ? "notepad" : "vi");
    }

    /// <summary>Keeps a text that could not be used, so that the work of its author is not lost.</summary>
    /// <param name="text">The text.</param>
    /// <returns>The file, which nobody else can read.</returns>
    public static string Keep(string text)
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory(FolderPrefix).FullName, FileName);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>Lets the text be edited. On the pipeline thread, which has the terminal.</summary>
    /// <param name="text">The text.</param>
    /// <param name="name">What it is about, for the error.</param>
    /// <returns>The text afterwards; null where it is the same. Throws <see cref="LabException"/> (<c>EditorFailed</c>).</returns>
    public string? Edit(string text, string name)
    {
        string folder = Directory.CreateTempSubdirectory(FolderPrefix).FullName, path = Path.Combine(folder, FileName);
        try
        {
            // A Secret is nobody else's to read; the folder is the owner's alone.
            File.WriteAllText(path, text);
            // As kubectl: the variable may have arguments, which a shell takes apart.
            ProcessStartInfo start = OperatingSystem.IsWindows()
                // With /s cmd takes off the outer quotes only: the editor may stand in quotes of its own.
                ? new ProcessStartInfo("cmd.exe", $"/s /c \"{command} \"{path}\"\"")
                : new ProcessStartInfo("/bin/sh", ["-c", $"{command} \"$1\"", "sh", path]);
            start.UseShellExecute = false;
            using Process process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode != 0)
            {
                throw new LabException(LabErrorKind.InvalidData, "EditorFailed", $"The editor '{command}' ended with exit code {process.ExitCode}: {name} was not changed.");
            }

            string after = File.ReadAllText(path);
            return after == text ? null : after;
        }
        catch (Win32Exception e)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "EditorMissing", $"The editor '{command}' cannot be started ({e.Message}).", e);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
