using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace ThreatLens.EndToEnd.Tests.AppHost;

/// <summary>What compiling against an assembly's public Aspire.* types depends on, one fact to a line: kinds, bases, signatures with
/// nullability, defaults and constraints, accessors, enum values.</summary>
internal static class ApiShape
{
    private const BindingFlags Public = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    public static IReadOnlySet<string> Of(Assembly assembly) => assembly.GetExportedTypes()
        .Where(type => type.Namespace?.StartsWith("Aspire.Hosting", StringComparison.Ordinal) == true)
        .SelectMany(Facts)
        .ToHashSet(StringComparer.Ordinal);

    private static IEnumerable<string> Facts(Type type)
    {
        var name = Name(type);
        yield return $"{Kind(type)} {name}{Constraints(type.GetGenericArguments())}";
        foreach (var parent in type.GetInterfaces().Append(type.BaseType).OfType<Type>().Where(IsAspire))
        {
            yield return $"{name} is {Name(parent)}";
        }

        if (type.IsEnum)
        {
            foreach (var value in Enum.GetValuesAsUnderlyingType(type))
            {
                yield return $"{name}.{Enum.GetName(type, value)} = {value}";
            }

            yield break;
        }

        foreach (var member in type.GetMembers(Public).Where(member => member.DeclaringType != typeof(object)))
        {
            var fact = member switch
            {
                ConstructorInfo constructor => $"new {name}({Parameters(constructor)})",
                MethodInfo { IsSpecialName: false } method =>
                    $"{(method.IsStatic ? "static " : "")}{Nullable(method.ReturnParameter)} {name}.{method.Name}{Arguments(method)}({Parameters(method)}){Constraints(method.GetGenericArguments())}",
                PropertyInfo property => Property(name, property),
                FieldInfo field => $"field {Name(field.FieldType)} {name}.{field.Name}",
                _ => null,
            };
            if (fact is not null)
            {
                yield return fact;
            }
        }
    }

    private static string Kind(Type type) => type switch
    {
        { IsEnum: true } => "enum",
        { IsInterface: true } => "interface",
        { IsValueType: true } => "struct",
        { IsAbstract: true, IsSealed: true } => "static class",
        { IsAbstract: true } => "abstract class",
        { IsSealed: true } => "sealed class",
        _ => "class",
    };

    private static string Property(string owner, PropertyInfo property)
    {
        var required = property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : "";
        var get = property.GetMethod?.IsPublic == true ? "get; " : "";
        var init = property.SetMethod?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        var set = property.SetMethod?.IsPublic == true ? init ? "init; " : "set; " : "";
        var index = string.Join(", ", property.GetIndexParameters().Select(Parameter));
        var nullable = new NullabilityInfoContext().Create(property);
        return $"{required}{Annotated(property.PropertyType, nullable)} {owner}.{property.Name}{(index.Length > 0 ? $"[{index}]" : "")} {{ {get}{set}}}";
    }

    private static string Parameters(MethodBase method) =>
        (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "") + string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        var text = $"{(parameter.IsOut ? "out " : parameter.IsIn ? "in " : "")}{Nullable(parameter)} {parameter.Name}";
        return parameter.HasDefaultValue
            ? string.Create(CultureInfo.InvariantCulture, $"{text} = {parameter.RawDefaultValue ?? "null"}")
            : text;
    }

    private static string Nullable(ParameterInfo parameter) => Annotated(parameter.ParameterType, new NullabilityInfoContext().Create(parameter));

    private static string Annotated(Type type, NullabilityInfo nullable)
    {
        var arguments = nullable.GenericTypeArguments;
        var name = arguments.Length > 0 && type.GetGenericArguments().Length == arguments.Length
            ? $"{type.Namespace}.{Plain(type)}<{string.Join(", ", type.GetGenericArguments().Zip(arguments, Annotated))}>"
            : nullable.ElementType is { } element ? $"{Annotated(type.GetElementType()!, element)}[]" : Name(type);
        return nullable.ReadState == NullabilityState.Nullable && !type.IsValueType ? name + "?" : name;
    }

    private static string Arguments(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>" : "";

    private static string Constraints(Type[] parameters) => string.Concat(parameters.Select(parameter =>
    {
        var attributes = parameter.GenericParameterAttributes;
        var variance = (attributes & GenericParameterAttributes.VarianceMask) switch
        {
            GenericParameterAttributes.Covariant => $" out {parameter.Name}",
            GenericParameterAttributes.Contravariant => $" in {parameter.Name}",
            _ => "",
        };
        List<string> all = [.. parameter.GetGenericParameterConstraints().Select(Name).Order(StringComparer.Ordinal)];
        if (attributes.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint))
        {
            all.Insert(0, "class");
        }

        if (attributes.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint))
        {
            all.Add("new()");
        }

        return all.Count > 0 ? $"{variance} where {parameter.Name} : {string.Join(", ", all)}" : variance;
    }));

    private static string Name(Type type) => type switch
    {
        { IsGenericParameter: true } => type.Name,
        { IsByRef: true } => Name(type.GetElementType()!),
        { IsArray: true } => Name(type.GetElementType()!) + "[]",
        { IsGenericType: true } => $"{type.Namespace}.{Plain(type)}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>",
        _ => $"{type.Namespace}.{Plain(type)}",
    };

    private static string Plain(Type type)
    {
        var name = type.Name.Split('`')[0];
        return type.DeclaringType is { } outer && !type.IsGenericParameter ? $"{Plain(outer)}+{name}" : name;
    }

    private static bool IsAspire(Type type) => type.Namespace?.StartsWith("Aspire.Hosting", StringComparison.Ordinal) == true;
}
