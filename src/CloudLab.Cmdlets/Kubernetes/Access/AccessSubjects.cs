using CloudLab.Core.Common.Errors;
using CloudLab.Core.Kubernetes.Access;

namespace CloudLab.Cmdlets.Kubernetes.Access;

/// <summary>Makes a subject of what -As, -AsGroup and -ServiceAccount say.</summary>
internal static class AccessSubjects
{
    /// <summary>Whom the parameters mean.</summary>
    /// <param name="user">-As; null or empty if omitted.</param>
    /// <param name="groups">-AsGroup; null or empty if omitted.</param>
    /// <param name="account">-ServiceAccount; null or empty if omitted.</param>
    /// <param name="ns">Namespace of an account that is given by its name alone.</param>
    /// <returns>The subject; null for the caller.</returns>
    public static AccessSubject? Of(string? user, string[]? groups, string? account, string ns)
    {
        string[] given = [.. (groups ?? []).Where(group => !string.IsNullOrWhiteSpace(group))];
        if (string.IsNullOrWhiteSpace(account))
        {
            return string.IsNullOrWhiteSpace(user) && given.Length == 0 ? null : AccessSubject.Of(user ?? "", given);
        }

        if (!string.IsNullOrWhiteSpace(user) || given.Length > 0)
        {
            throw new LabException(LabErrorKind.InvalidArgument, "SubjectAmbiguous", "-ServiceAccount says who is meant: leave out -As and -AsGroup.");
        }

        return account.Split(':', '/') switch
        {
            [{ Length: > 0 } name] => AccessSubject.OfAccount(ns, name),
            [{ Length: > 0 } other, { Length: > 0 } name] => AccessSubject.OfAccount(other, name),
            _ => throw new LabException(LabErrorKind.InvalidArgument, "ServiceAccountInvalid", $"-ServiceAccount '{account}' is not an account: write namespace:name, or its name alone."),
        };
    }
}
