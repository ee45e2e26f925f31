using CloudLab.Core.Common.Errors;
using CloudLab.Core.Sessions;
using CloudLab.Core.Storage.Wire;

namespace CloudLab.Cmdlets.Storage;

/// <summary>Which storage service an action is about, for <c>-WhatIf</c> and <c>-Confirm</c>: said wherever it is not the default one.</summary>
internal static class EndpointName
{
    /// <summary>Base URL of the storage service of a session.</summary>
    /// <param name="session">The session.</param>
    /// <returns>The URL; null for a session that cannot be resolved, which whoever uses it hears of.</returns>
    public static string? Of(LabSession session)
    {
        try
        {
            return StorageClient.EndpointOf(session);
        }
        catch (LabException)
        {
            return null;
        }
    }

    /// <summary>Names the service behind an action.</summary>
    /// <param name="action">What is done.</param>
    /// <param name="endpoint">Where.</param>
    /// <param name="usual">Where it would be done with the default session.</param>
    /// <returns><c>Delete object (endpoint http://127.0.0.1:9000)</c>, or the action alone.</returns>
    public static string Add(string action, string? endpoint, string? usual) =>
        endpoint is null || endpoint == usual ? action : $"{action} (endpoint {endpoint})";
}
