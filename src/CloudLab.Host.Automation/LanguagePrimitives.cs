using System.Collections;
using System.Globalization;
using System.Numerics;
using System.Reflection;

namespace System.Management.Automation;

/// <summary>Converts values as parameter binding in PowerShell does, for the types that parameters have.</summary>
public static class LanguagePrimitives
{
    public static T ConvertTo<T>(object? valueToConvert) => (T)ConvertTo(valueToConvert, typeof(T))!;

    public static bool TryConvertTo(object? valueToConvert, Type resultType, out object? result)
    {
        try
        {
            result = ConvertTo(valueToConvert, resultType);
            return true;
        }
        catch (PSInvalidCastException)
        {
            result = null;
            return false;
        }
    }

    public static object? ConvertTo(object? valueToConvert, Type resultType)
    {
        ArgumentNullException.ThrowIfNull(resultType);
        if (valueToConvert is null)
        {
            return FromNull(resultType);
        }

        if (resultType.IsInstanceOfType(valueToConvert))
        {
            return valueToConvert;
        }

        if (valueToConvert is PSObject { BaseObject: not PSCustomObject } wrapper)
        {
            return ConvertTo(wrapper.BaseObject, resultType);
        }

        try
        {
            return Convert(valueToConvert, Nullable.GetUnderlyingType(resultType) ?? resultType);
        }
        catch (PSInvalidCastException)
        {
            throw;
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidCastException or ArgumentException
            or TargetInvocationException or MissingMethodException)
        {
            throw CannotConvert(valueToConvert, resultType, e is TargetInvocationException { InnerException: { } inner } ? inner : e);
        }
    }

    public static bool IsTrue(object? obj) => obj switch
    {
        null => false,
        bool value => value,
        string text => text.Length > 0,
        SwitchParameter value => value,
        ICollection many => many.Count > 0,
        IConvertible number and not DateTime => number.ToDouble(CultureInfo.InvariantCulture) != 0,
        _ => true,
    };

    private static object? FromNull(Type type) =>
        type == typeof(string) ? ""
        : type.IsValueType && Nullable.GetUnderlyingType(type) is null ? Activator.CreateInstance(type)
        : null;

    private static object? Convert(object value, Type type)
    {
        if (type == typeof(object) || type == typeof(PSObject))
        {
            return type == typeof(object) ? value : PSObject.AsPSObject(value);
        }

        if (type == typeof(string))
        {
            return ToText(value);
        }

        if (type == typeof(bool) || type == typeof(SwitchParameter))
        {
            bool flag = ToFlag(value, type);
            return type == typeof(bool) ? flag : new SwitchParameter(flag);
        }

        if (type.IsEnum)
        {
            return ToEnum(value, type);
        }

        if (ElementOf(type) is { } element)
        {
            return ToMany(value, type, element);
        }

        if (value is string text)
        {
            return FromText(text.Trim(), type);
        }

        if (typeof(IDictionary).IsAssignableFrom(type))
        {
            return ToDictionary(value, type);
        }

        if (value is IConvertible && typeof(IConvertible).IsAssignableFrom(type))
        {
            return System.Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
        }

        if (type == typeof(DateTimeOffset) && value is DateTime date)
        {
            return new DateTimeOffset(date);
        }

        if (type == typeof(DateTime) && value is DateTimeOffset moment)
        {
            return moment.LocalDateTime;
        }

        if (type == typeof(TimeSpan) && value is IConvertible ticks)
        {
            return TimeSpan.FromTicks(ticks.ToInt64(CultureInfo.InvariantCulture));
        }

        if (value is PSObject or IDictionary)
        {
            return ToObject(value, type);
        }

        // A class that says itself what it is made from.
        if (type.GetMethods(BindingFlags.Public | BindingFlags.Static)
                .FirstOrDefault(m => m.Name is "op_Implicit" or "op_Explicit" && type.IsAssignableFrom(m.ReturnType)
                    && m.GetParameters()[0].ParameterType.IsInstanceOfType(value)) is { } conversion)
        {
            return conversion.Invoke(null, [value]);
        }

        if (type.GetConstructor([value.GetType()]) is { } constructor)
        {
            return constructor.Invoke([value]);
        }

        throw CannotConvert(value, type, null);
    }

    private static string ToText(object value) => value switch
    {
        bool or SwitchParameter => value.ToString()!,
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable many and not IDictionary => string.Join(' ', many.Cast<object?>().Select(o => o is null ? "" : ToText(o))),
        _ => value.ToString() ?? "",
    };

    private static bool ToFlag(object value, Type type) => value switch
    {
        bool flag => flag,
        SwitchParameter flag => flag,
        string text => text.TrimStart('$').ToUpperInvariant() switch
        {
            "TRUE" or "1" => true,
            "FALSE" or "0" => false,
            _ => throw new PSInvalidCastException($"Cannot convert value \"{text}\" to true or false."),
        },
        IConvertible => IsTrue(value),
        _ => throw CannotConvert(value, type, null),
    };

    private static object ToEnum(object value, Type type)
    {
        if (value is not string text)
        {
            return Enum.ToObject(type, System.Convert.ToInt64(value, CultureInfo.InvariantCulture));
        }

        if (Enum.TryParse(type, text, true, out object? exact) && (Enum.IsDefined(type, exact) || text.Contains(',')))
        {
            return exact;
        }

        string[] names = [.. Enum.GetNames(type).Where(n => n.StartsWith(text, StringComparison.OrdinalIgnoreCase))];
        return names is [string only] && text.Length > 0
            ? Enum.Parse(type, only)
            : throw new PSInvalidCastException(
                $"\"{text}\" is not one of {string.Join(", ", Enum.GetNames(type))}.");
    }

    private static Type? ElementOf(Type type) =>
        type.IsArray ? type.GetElementType()
        : type.IsGenericType && type.GetGenericTypeDefinition() is { } open
            && (open == typeof(List<>) || open == typeof(IList<>) || open == typeof(ICollection<>) || open == typeof(IEnumerable<>)
                || open == typeof(IReadOnlyList<>) || open == typeof(IReadOnlyCollection<>)) ? type.GetGenericArguments()[0]
        : null;

    private static object ToMany(object value, Type type, Type element)
    {
        object?[] items = value is IEnumerable many and not string and not IDictionary ? [.. many.Cast<object?>()] : [value];
        Array array = Array.CreateInstance(element, items.Length);
        for (int i = 0; i < items.Length; i++)
        {
            array.SetValue(ConvertTo(items[i], element), i);
        }

        return type.IsInstanceOfType(array) ? array : Activator.CreateInstance(type, array)!;
    }

    private static object FromText(string text, Type type)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        if (type == typeof(Uri))
        {
            return new Uri(text, UriKind.RelativeOrAbsolute);
        }

        if (type == typeof(ScriptBlock))
        {
            throw new PSInvalidCastException(ScriptBlock.ScriptsNeedPowerShell);
        }

        if (type == typeof(DateTime))
        {
            return DateTime.Parse(text, invariant);
        }

        if (type == typeof(DateTimeOffset))
        {
            return DateTimeOffset.Parse(text, invariant, DateTimeStyles.AssumeLocal);
        }

        if (type == typeof(TimeSpan))
        {
            return TimeSpan.Parse(text, invariant);
        }

        if (type == typeof(char))
        {
            return char.Parse(text);
        }

        if (type == typeof(float) || type == typeof(double))
        {
            if (double.TryParse(text, NumberStyles.Float | NumberStyles.AllowThousands, invariant, out double real))
            {
                return System.Convert.ChangeType(real, type, invariant);
            }
        }

        if (type.IsPrimitive || type == typeof(decimal) || type == typeof(BigInteger))
        {
            return Number(text, type);
        }

        if (type.GetMethod("Parse", BindingFlags.Public | BindingFlags.Static, [typeof(string), typeof(IFormatProvider)]) is { } parse)
        {
            return parse.Invoke(null, [text, invariant])!;
        }

        if (type.GetMethod("Parse", BindingFlags.Public | BindingFlags.Static, [typeof(string)]) is { } simple)
        {
            return simple.Invoke(null, [text])!;
        }

        return type.GetConstructor([typeof(string)]) is { } constructor
            ? constructor.Invoke([text])
            : throw CannotConvert(text, type, null);
    }

    private static object Number(string text, Type type)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        decimal factor = 1;
        string digits = text;
        if (text.Length > 2 && text[^2..].ToUpperInvariant() is "KB" or "MB" or "GB" or "TB" or "PB")
        {
            factor = 1m;
            for (int power = "KMGTP".IndexOf(char.ToUpperInvariant(text[^2]), StringComparison.Ordinal); power >= 0; power--)
            {
                factor *= 1024;
            }

            digits = text[..^2];
        }

        decimal number = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase)
            ? ulong.Parse(digits[2..], NumberStyles.HexNumber, invariant)
            : decimal.Parse(digits, NumberStyles.Float | NumberStyles.AllowThousands, invariant);
        number *= factor;
        return type == typeof(BigInteger) ? new BigInteger(number) : System.Convert.ChangeType(number, type, invariant);
    }

    private static object ToDictionary(object value, Type type)
    {
        IEnumerable<(object Key, object? Value)> pairs = value switch
        {
            IDictionary map => map.Keys.Cast<object>().Select(key => (key, map[key])),
            PSObject custom => custom.Properties.Select(p => ((object)p.Name, p.Value)),
            _ => throw CannotConvert(value, type, null),
        };
        IDictionary made = type.IsAssignableFrom(typeof(Hashtable))
            ? new Hashtable(StringComparer.OrdinalIgnoreCase)
            : (IDictionary)Activator.CreateInstance(type)!;
        foreach ((object key, object? item) in pairs)
        {
            made[key] = item;
        }

        return made;
    }

    /// <summary>Fills a class from properties of the same names: through its setters, else its constructor.</summary>
    private static object ToObject(object value, Type type)
    {
        Dictionary<string, object?> given = new(StringComparer.OrdinalIgnoreCase);
        foreach (DictionaryEntry entry in (IDictionary)ToDictionary(value, typeof(Hashtable)))
        {
            given[entry.Key.ToString()!] = entry.Value;
        }

        object made;
        if (type.GetConstructor(Type.EmptyTypes) is { } plain)
        {
            made = plain.Invoke(null);
        }
        else
        {
            ConstructorInfo fullest = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length)
                .FirstOrDefault(c => c.GetParameters().All(p => given.ContainsKey(p.Name!) || p.HasDefaultValue || !p.ParameterType.IsValueType))
                ?? throw CannotConvert(value, type, null);
            made = fullest.Invoke([.. fullest.GetParameters().Select(p =>
                given.TryGetValue(p.Name!, out object? item) ? ConvertTo(item, p.ParameterType) : p.HasDefaultValue ? p.DefaultValue : null)]);
        }

        bool any = false;
        foreach (PropertyInfo property in type.GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (given.TryGetValue(property.Name, out object? item))
            {
                any = true;
                if (property.SetMethod is { IsPublic: true })
                {
                    property.SetValue(made, item is null && !property.PropertyType.IsValueType ? null : ConvertTo(item, property.PropertyType));
                }
            }
        }

        return any ? made : throw CannotConvert(value, type, null);
    }

    private static PSInvalidCastException CannotConvert(object value, Type type, Exception? inner) =>
        new($"Cannot convert value \"{value}\" to type \"{NameOf(type)}\"." + (inner is null ? "" : " " + inner.Message), inner);

    private static string NameOf(Type type) =>
        Nullable.GetUnderlyingType(type) is { } under ? under.FullName! : type.FullName ?? type.Name;
}
