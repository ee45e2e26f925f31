using System.ComponentModel;
using System.Diagnostics;

namespace CloudLab.Core.Common;

/// <summary>Ends programs that this module started.</summary>
internal static class ProcessTree
{
    /// <summary>Ends a program and what it started; one that has ended already is left as it is.</summary>
    /// <param name="process">The program.</param>
    public static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has ended already, or a part of it has meanwhile.
        }
    }
}
